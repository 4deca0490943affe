import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileErrorText } from '../protocol/file-error-text.ts';
import { parseJsonText } from '../protocol/json.ts';
import { type Claim, claim } from './claim.ts';
import { makeFolder } from './folder.ts';
import { makeFilePrivate, makeFolderPrivate } from './private-files.ts';

/** Secrets of an installation by name; each text is made at first start and stays. */
export type Keyring<Name extends string> = Readonly<Record<Name, string>>;

/** A process that adds secrets takes milliseconds; on a busy machine seconds. */
const addingMaxMs = 30_000;
const lookAgainMs = 50;

/**
 * Reads the keyring at `path`, or makes it: readable by this user alone. A name that the file lacks is made and added.
 * Processes that start together end with the same secrets, those of the file, and none ever reads half of it.
 */
export async function openKeyring<Name extends string>(
  path: string,
  makers: Makers<Name>,
): Promise<Keyring<Name>> {
  await makeDataFolder(path);
  const known = await readKeys(path);
  if (known === null) return await makeKeyring(path, makers);
  if (missingIn(known, makers).length === 0) return known as Keyring<Name>;
  const adding = await claimed(path);
  try {
    // Again: another process may have added them while this one waited.
    const keys: Record<string, string> = { ...(await readKeys(path)) };
    const missing = missingIn(keys, makers);
    if (missing.length === 0) return keys as Keyring<Name>;
    for (const name of missing) keys[name] = await makers[name]();
    const draft = await writeDraft(path, keys);
    await rename(draft, path);
    return keys as Keyring<Name>;
  } finally {
    adding.release();
  }
}

type Makers<Name extends string> = Readonly<Record<Name, () => string | Promise<string>>>;

const missingIn = <Name extends string>(
  keys: Readonly<Record<string, string>>,
  makers: Makers<Name>,
): Name[] => (Object.keys(makers) as Name[]).filter((name) => keys[name] === undefined);

async function makeKeyring<Name extends string>(path: string, makers: Makers<Name>): Promise<Keyring<Name>> {
  const keys: Record<string, string> = {};
  for (const name of missingIn(keys, makers)) keys[name] = await makers[name]();
  const draft = await writeDraft(path, keys);
  try {
    // The whole file at once. A link fails where another process was faster; then its secrets are the ones.
    await link(draft, path);
    return keys as Keyring<Name>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await openKeyring(path, makers);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Waits until no other process adds secrets. Rejects with a sentence after `addingMaxMs`. */
async function claimed(path: string): Promise<Extract<Claim, { isOurs: true }>> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    const one = claim(path);
    if (one.isOurs) return one;
    if (waitedMs >= addingMaxMs)
      throw new Error(
        `process ${one.owner ?? 'of another program'} has held ${path}.lock for ${addingMaxMs / 1_000} s: stop it, and start again`,
      );
    await setTimeout(lookAgainMs);
  }
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
