import { readdir } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { startFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a live run politely, with code %i, and leaves no data folder behind', (signal, code) =>
  withTemporaryFolder(async (folder) => {
    const run = startFleetwake(folder, ['run', 'default', '--live', '--junit', 'run.xml'], {
      TMPDIR: folder,
    });
    const folders = async () => (await readdir(folder)).filter((name) => name.startsWith('fleetwake-'));
    await until(async () => run.stderr().includes(' · running · '), 'it runs');
    expect((await folders()).length).toBe(1);
    run.process.kill(signal);
    expect(await run.exitCode()).toBe(code);
    expect(await folders()).toEqual([]);
    expect(run.stderr().trimEnd().split('\n').slice(-2)).toEqual([
      'stopping gracefully (a second signal stops at once)',
      `fleetwake: ${signal} stopped the run before the verdict: run it again`,
    ]);
    expect(run.stdout()).toBe('');
  }),
);
