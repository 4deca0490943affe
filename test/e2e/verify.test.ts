import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Evidence } from '../../simulator/reports/evidence.ts';
import { evidenceLines } from '../../simulator/reports/evidence-log.ts';
import type { RunReport } from '../../simulator/reports/run-report.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { corrupted, sampleEvidence } from '../simulator/reports/sample.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const surroundings = {
  world: 'live',
  bus: 'nats',
  versions: { node: 'v20' },
  calledAs: './storm.yaml',
} as const;

test('fleetwake verify ends with 0 for a run that broke nothing, 1 for one that did, 2 for a log that is none', () =>
  withTemporaryFolder(async (folder) => {
    const written = (name: string, evidence: Evidence) => {
      writeFileSync(join(folder, name), [...evidenceLines(evidence, surroundings), ''].join('\n'));
      return fleetwake(folder, ['verify', name]);
    };
    const good = await written('good.log', sampleEvidence());
    expect([good.exitCode, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toContain('All 11 rules hold.');
    const shown = await fleetwake(folder, ['verify', 'good.log', '--json']);
    const { world, bus, versions, replay } = JSON.parse(shown.stdout) as RunReport;
    expect({ world, bus, versions, replay }).toEqual({
      world: 'live',
      bus: 'nats',
      versions: { node: 'v20' },
      replay: 'fleetwake run ./storm.yaml --seed 7 --live',
    });
    const silent = corrupted((evidence) => {
      evidence.broker = [];
    });
    const bad = await written('bad.log', silent);
    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toContain('✗  1  No charge for an activation that was not delivered');
    const none = await fleetwake(folder, ['verify', 'none.log']);
    expect([none.exitCode, none.stderr]).toEqual([
      2,
      'fleetwake: none.log: there is no such file; give a file that "fleetwake run --log FILE" wrote\n',
    ]);
  }));
