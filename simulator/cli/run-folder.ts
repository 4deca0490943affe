import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what one run keeps. */
export interface RunFolder {
  readonly path: string;
  /** Removes a temporary folder; one that the user named stays. */
  remove(): void;
}

/** Returns the folder that the user named, or a temporary one, which is removed even if a second signal ends the process. */
export async function openRunFolder(named?: string): Promise<RunFolder> {
  if (named !== undefined) return { path: named, remove() {} };
  const path = await mkdtemp(join(tmpdir(), 'fleetwake-'));
  const removeFolder = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeFolder);
  return {
    path,
    remove() {
      process.removeListener('exit', removeFolder);
      removeFolder();
    },
  };
}
