import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { chmod, readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Access of users other than the owner, by group or for all. */
const others = 0o077;
const othersWrite = 0o022;

/**
 * Creates a file that only its owner can open, or takes the access of others away from one that is there. It opens no file that exists: closing it
 * would end the locks that SQLite holds on it in this process. Throws a sentence when the file belongs to another user and others can read it.
 */
export function makeFilePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return;
  } catch {
    // It exists, or cannot be made, which its user will say.
  }
  const mode = modeOf(path);
  if (mode === null || (mode & others) === 0) return;
  try {
    chmodSync(path, mode & ~others);
  } catch (error) {
    throw new Error(
      `${path} can be read by other users, and belongs to another user: run "chmod 600 ${path}" as its owner, or choose another folder with --data`,
      { cause: error },
    );
  }
}

function modeOf(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.mode & 0o7777 : null;
}

/**
 * Takes the access of others away from the folder of `file`, where the folder is empty or holds that file already, and so is Fleetwake's own. A
 * folder with other things in it is left as it is, as long as no other user can put files into it. Rejects with a sentence otherwise.
 */
export async function makeFolderPrivate(file: string): Promise<void> {
  const folder = dirname(file);
  const { mode, uid } = await stat(folder);
  if ((mode & others) === 0 || process.getuid === undefined) return;
  if (uid === process.getuid()) {
    const names = await readdir(folder);
    if (names.length === 0 || names.includes(basename(file))) return chmod(folder, mode & 0o7777 & ~others);
  }
  // A folder of another user's with a group is how volumes are handed to a container: its group is the container's own.
  const isOpen = uid === process.getuid() ? (mode & othersWrite) !== 0 : (mode & othersWrite & 0o007) !== 0;
  if (isOpen) {
    throw new Error(
      `other users can write into the data folder ${folder}: run "chmod 700 ${folder}", or choose another with --data`,
    );
  }
}
