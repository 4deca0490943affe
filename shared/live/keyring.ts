import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileErrorText } from '../protocol/file-error-text.ts';
import { parseJsonText } from '../protocol/json.ts';
import { makeFolder } from './folder.ts';
import { makeFilePrivate, makeFolderPrivate } from './private-files.ts';

/** Secrets of an installation by name; each text is made at first start and stays. */
export type Keyring<Name extends string> = Readonly<Record<Name, string>>;

/**
 * Reads the keyring at `path`, or makes it: readable by this user alone. A name that the file lacks is made and added.
 * Two processes that start together end with the same file, and none ever reads half of it.
 */
export async function openKeyring<Name extends string>(
  path: string,
  makers: Readonly<Record<Name, () => string | Promise<string>>>,
): Promise<Keyring<Name>> {
  await makeDataFolder(path);
  const known = await readKeys(path);
  const missing = (Object.keys(makers) as Name[]).filter((name) => known?.[name] === undefined);
  if (known !== null && missing.length === 0) return known as Keyring<Name>;
  const keys: Record<string, string> = { ...known };
  for (const name of missing) keys[name] = await makers[name]();
  const draft = await writeDraft(path, keys);
  try {
    // Both put the whole file there at once. A link fails where another process was faster; then its secrets are the ones.
    if (known === null) await link(draft, path);
    else await rename(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await openKeyring(path, makers);
  } finally {
    await rm(draft, { force: true });
  }
  return keys as Keyring<Name>;
}

/** On the disk before it has its name: after a power cut a keyring is the old one or the new one, never an empty one. */
async function writeDraft(path: string, keys: Readonly<Record<string, string>>): Promise<string> {
  const draft = `${path}.${process.pid}`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(keys, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function makeDataFolder(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await makeFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`the folder ${folder} cannot be made (${code}): choose another with --data`, {
      cause: error,
    });
  }
  await makeFolderPrivate(path);
}

async function readKeys(path: string): Promise<Record<string, string> | null> {
  try {
    const text = await readFile(path, 'utf8');
    makeFilePrivate(path);
    return parseJsonText(text) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(
      `the keyring ${path} cannot be read (${fileErrorText(error)}): restore it, or remove it to make new secrets`,
    );
  }
}
