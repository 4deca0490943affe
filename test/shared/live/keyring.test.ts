import { chmod, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openKeyring } from '../../../shared/live/keyring.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const maker = () => 'made';

it('takes the keyring of a process that was faster, which this user alone can read', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'data', 'keys.json');
    const slow = async () => {
      await openKeyring(path, { a: () => 'theirs' });
      return 'ours';
    };
    expect(await openKeyring(path, { a: slow })).toEqual({ a: 'theirs' });
    expect(await openKeyring(path, { a: () => 'unused' })).toEqual({ a: 'theirs' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'data'))).toEqual(['keys.json']);
  }));

it('adds a secret by replacing the file, so that no process reads half a keyring', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'keys.json');
    await writeFile(path, '{"a":"kept"}');
    await chmod(path, 0o644);
    const reader = await open(path);
    try {
      expect(await openKeyring(path, { a: maker, b: () => 'new' })).toEqual({ a: 'kept', b: 'new' });
      expect(await reader.readFile('utf8')).toBe('{"a":"kept"}');
    } finally {
      await reader.close();
    }
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: 'kept', b: 'new' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['keys.json', 'keys.json.lock', 'keys.json.pid']);
  }));

it('gives processes that add the same secret at the same time the one of the file', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'keys.json');
    await writeFile(path, '{"a":"kept"}');
    let made = 0;
    const slow = async () => {
      made += 1;
      const own = `made ${made}`;
      await setTimeout(20);
      return own;
    };
    const opened = await Promise.all(
      Array.from({ length: 5 }, () => openKeyring(path, { a: maker, b: slow })),
    );
    expect(opened).toEqual(Array(5).fill({ a: 'kept', b: 'made 1' }));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: 'kept', b: 'made 1' });
  }));

it('names the fix for an unreadable keyring', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'keys.json');
    await writeFile(path, '{"a":');
    await expect(openKeyring(path, { a: maker })).rejects.toThrow(
      /^the keyring .*keys\.json cannot be read \(Unexpected end of JSON input\): restore it, or remove it to make new secrets$/,
    );
  }));
