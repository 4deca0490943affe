import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claim } from '../../../shared/live/claim.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

it('is held by one until it releases it, and says who that is', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'api-iot');
    const first = claim(path);
    const others = [claim(path), claim(path), claim(join(folder, 'other'))];
    expect(others.map((one) => (one.isOurs ? 'ours' : one.owner))).toEqual([
      process.pid,
      process.pid,
      'ours',
    ]);
    expect(await readFile(`${path}.pid`, 'utf8')).toBe(`${process.pid}\n`);
    await writeFile(`${path}.pid`, '');
    expect(claim(path)).toEqual({ isOurs: false, owner: null });
    if (first.isOurs) first.release();
    const again = claim(path);
    expect(again.isOurs).toBe(true);
    for (const one of [...others, again]) if (one.isOurs) one.release();
  }));

it('names a file that cannot be locked, with the fix', () =>
  withTemporaryFolder(async (folder) => {
    const fix = 'make its folder writable, or choose another with --data';
    const path = join(folder, 'api-iot');
    await mkdir(`${path}.lock`);
    expect(() => claim(path)).toThrow(`${path}.lock cannot be locked (unable to open database file): ${fix}`);
    await writeFile(join(folder, 'broken.lock'), 'no database. '.repeat(1_000));
    expect(() => claim(join(folder, 'broken'))).toThrow(
      `broken.lock cannot be locked (file is not a database): ${fix}`,
    );
  }));
