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

test('writes files of one run together, and gives them a number where their names are taken', () =>
  withTemporaryFolder(async (path) => {
    const folder = reportsFolder(path);
    const run = (scenario: string) => ({
      'default-1.json': report(scenario),
      'default-1.run.json': JSON.stringify({ about: scenario, seed: 1, scenario: {} }),
    });
    // Two that end together, and a third one later.
    await Promise.all(['one', 'two'].map((name) => folder.writeNew(run(name))));
    await reportsFolder(path).writeNew(run('three'));
    expect((await readdir(path)).toSorted()).toEqual(
      ['default-1', 'default-1.2', 'default-1.3']
        .flatMap((name) => [`${name}.json`, `${name}.run.json`])
        .toSorted(),
    );
    for (const [file, scenarios] of [
      ['default-1', ['one', 'two']],
      ['default-1.2', ['one', 'two']],
      ['default-1.3', ['three']],
    ] as const) {
      const { scenario } = JSON.parse((await folder.read(`${file}.json`)) ?? '') as { scenario: string };
      const { about } = JSON.parse((await folder.read(`${file}.run.json`)) ?? '') as { about: string };
      expect(scenarios).toContain(scenario);
      expect(about).toBe(scenario);
    }
    const titles = new Map((await folder.list()).map(({ title, travel }) => [travel, title]));
    expect(titles).toEqual(
      new Map([
        ['default-1.run.json', expect.stringMatching(/^(one|two), seed 1$/)],
        ['default-1.2.run.json', expect.stringMatching(/^(one|two), seed 1 \(2\)$/)],
        ['default-1.3.run.json', 'three, seed 1 (3)'],
      ]),
    );
  }));
