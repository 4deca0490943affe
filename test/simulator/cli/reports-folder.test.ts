import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportsFolder } from '../../../simulator/cli/reports-folder.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const report = (scenario: string) => JSON.stringify({ scenario, seed: 1, ok: true, checks: [] });

test('reads reports and saved runs of its folder, and no other file that stands there', () =>
  withTemporaryFolder(async (path) => {
    await writeFile(join(path, 'mine.json'), report('default'));
    await writeFile(join(path, 'keys.json'), JSON.stringify({ signingKey: 'secret' }));
    await writeFile(join(path, 'notes.txt'), report('default'));
    const folder = reportsFolder(path);
    expect(await folder.read('mine.json')).toBe(report('default'));
    const others = ['keys.json', 'notes.txt', 'none.json', '../mine.json', `${path}/mine.json`];
    expect(await Promise.all(others.map((name) => folder.read(name)))).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect((await folder.list()).map(({ file, title }) => [file, title])).toEqual([
      ['mine.json', 'default, seed 1'],
    ]);
  }));

test('writes a file as a whole, also when two write it at once', () =>
  withTemporaryFolder(async (path) => {
    const folder = reportsFolder(path);
    await Promise.all(['one', 'two', 'three'].map((name) => folder.write('run.json', report(name))));
    expect(await readdir(path)).toEqual(['run.json']);
    const text = (await folder.read('run.json')) ?? '';
    expect(['one', 'two', 'three'].map(report)).toContain(text);
  }));
