import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Secrets of an installation by name; each text is made at first start and stays. */
export type Keyring<Name extends string> = Readonly<Record<Name, string>>;

/**
 * Reads the keyring at `path`, or makes it: readable by this user alone. A name that the file lacks is made and added.
 * Two processes that start together end with the same file.
 */
export async function openKeyring<Name extends string>(
  path: string,
  makers: Readonly<Record<Name, () => string | Promise<string>>>,
): Promise<Keyring<Name>> {
  await makeFolder(dirname(path));
  const known = await readKeys(path);
  const missing = (Object.keys(makers) as Name[]).filter((name) => known?.[name] === undefined);
  if (known !== null && missing.length === 0) return known as Keyring<Name>;
  const keys: Record<string, string> = { ...known };
  for (const name of missing) keys[name] = await makers[name]();
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  try {
    if (known === null) await link(draft, path);
    else await writeFile(path, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    await chmod(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return openKeyring(path, makers);
  } finally {
    await unlink(draft);
  }
  return keys as Keyring<Name>;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`the folder ${folder} cannot be made (${code}): choose another with --data`, {
      cause: error,
    });
  }
}

async function readKeys(path: string): Promise<Record<string, string> | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(
      `the keyring ${path} cannot be read (${String(error)}): restore it, or remove it to make new secrets`,
    );
  }
}
