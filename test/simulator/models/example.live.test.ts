import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { fleetwake } from '../../e2e/command.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { writeExample } from './example.ts';

beforeAll(buildWhenOutdated);

it('runs the example of the page, live too', async () => {
  await withTemporaryFolder(async (folder) => {
    writeExample(folder);
    for (const live of [[], ['--live']]) {
      const ended = await fleetwake(folder, [
        'run',
        'my/delta.yaml',
        ...live,
        '--json',
        'report.json',
        '--log',
        'run.log',
      ]);
      expect([ended.exitCode, ended.stderr.includes('Deltas take massage seats')]).toEqual([0, true]);
      const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
      const ends = report.activations.map((one: { vin: string; outcome: string }) => [
        one.vin.slice(-1),
        one.outcome,
      ]);
      expect(ends).toEqual([
        ['1', 'active'],
        ['2', 'failed'],
        ['3', 'active'],
      ]);
      const log = readFileSync(join(folder, 'run.log'), 'utf8');
      expect(log).toContain('parameter_range: intensity takes 1 to 5');
      expect(log).toContain('precondition_parked: the vehicle is driving');
    }
  });
});
