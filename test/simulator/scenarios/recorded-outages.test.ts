import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readScenarioAt } from '../../../simulator/scenarios/library.ts';
import { readOutages } from '../../../simulator/scenarios/recorded-outages.ts';
import { type Scenario, scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { virtualReport } from './virtual-run.ts';

const header = 'vehicle,startMs,durationMs';

test('a recording is a line an outage, in any order, with either end of line', () => {
  expect(readOutages(`${header}\r\n2,0,1600\r\n1, 5000 ,593000\n\n1,0,5000\n`, 'drive.csv', 2)).toEqual({
    ok: true,
    outages: [
      { vehicle: 2, startMs: 0, durationMs: 1_600 },
      { vehicle: 1, startMs: 5_000, durationMs: 593_000 },
      { vehicle: 1, startMs: 0, durationMs: 5_000 },
    ],
  });
});

test.each([
  ['', 'drive.csv:1: is ""; begin with the columns vehicle,startMs,durationMs'],
  [
    'start,duration\n1,2',
    'drive.csv:1: is "start,duration"; begin with the columns vehicle,startMs,durationMs',
  ],
  ...['0,0,1', '1,-1,1', '1,0,0', '1,0', '1,0,1,1', '1,0,1.5', 'one,0,1'].map((line) => [
    `${header}\n1,9,9\n${line}\n`,
    `drive.csv:3: is "${line}"; write three whole numbers, vehicle,startMs,durationMs: a vehicle from 1, a start from 0, a duration from 1`,
  ]),
  [`${header}\n3,0,1`, 'drive.csv:2: is of vehicle 3, and there are only 2; raise vehicles.count'],
  [
    `${header}\n1,100,50\n2,0,101\n1,0,101`,
    'drive.csv:2: begins at 100 ms, before the outage of vehicle 1 from 0 ms has ended; join the two',
  ],
])('what cannot be is said with its line: %j', (text, sentence) => {
  expect(readOutages(text, 'drive.csv', 2)).toEqual({ ok: false, mistakes: [sentence] });
});

const base = {
  name: 'recorded',
  description: 'Two cars on a recorded road.',
  timeScale: 100,
  vehicles: { count: 2, models: [{ model: 'aurora-2026', weight: 1 }] },
  purchases: { count: 2, overMs: 0 },
};

function withFiles(files: Readonly<Record<string, string>>, vehicles: object) {
  return withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'roads'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const path = join(folder, 'my.yaml');
    await writeFile(path, JSON.stringify({ ...base, vehicles: { ...base.vehicles, ...vehicles } }));
    return readScenarioAt(path, 'my.yaml');
  });
}

test('a scenario names the file beside it, and holds its outages once it is read', async () => {
  const reading = await withFiles(
    { 'roads/drive.csv': `${header}\n1,0,60000` },
    { outagesFile: 'roads/drive.csv' },
  );
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  const { outages, outagesFile } = reading.scenario.vehicles;
  expect([outages, outagesFile]).toEqual([[{ vehicle: 1, startMs: 0, durationMs: 60_000 }], undefined]);
});

test.each([
  [
    { outagesFile: 'none.csv' },
    'my.yaml:1:163: vehicles.outagesFile is "none.csv", and no such file is beside the scenario; correct its name',
  ],
  [
    { outagesFile: 'wrong.csv' },
    'wrong.csv:1: is "wrong"; begin with the columns vehicle,startMs,durationMs',
  ],
  [
    { outagesFile: 'wrong.csv', outages: [] },
    'my.yaml:1:163: vehicles.outagesFile stands beside vehicles.outages; leave out one of the two',
  ],
  [
    { outages: [{ vehicle: 9, startMs: 0, durationMs: 1 }] },
    'my.yaml:1:160: vehicles.outages[0] is of vehicle 9, and there are only 2; raise vehicles.count',
  ],
])('a mistake is said where it is: %j', async (vehicles, sentence) => {
  expect(await withFiles({ 'wrong.csv': 'wrong' }, vehicles)).toEqual({ ok: false, mistakes: [sentence] });
});

function scenarioOf(vehicles: Partial<Scenario['vehicles']>): Scenario {
  return scenarioSchema.parse({ ...base, vehicles: { ...base.vehicles, ...vehicles } });
}

test('a recorded outage takes its vehicle off the network, times divided by timeScale, and no other', async () => {
  const outages = [
    { vehicle: 1, startMs: 0, durationMs: 120_000 },
    { vehicle: 1, startMs: 120_100, durationMs: 80_000 },
  ];
  const { activations, checks } = await virtualReport(scenarioOf({ outages }));
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const [first, second] = [
    activations.find((line) => (line.tookMs ?? 0) >= 1_200),
    activations.find((line) => (line.tookMs ?? 0) < 1_200),
  ];
  expect([first?.outcome, second?.outcome]).toEqual(['active', 'active']);
  // It is back for a millisecond after 1.2 s, which is no time to say anything, and again after 2 s.
  expect(first?.tookMs).toBeGreaterThanOrEqual(2_001);
  expect(first?.tookMs).toBeLessThan(3_500);
  expect(second?.tookMs).toBeLessThan(500);
});

test('a vehicle that is still offline at the end is reconnected for its open revocation', async () => {
  // Offline for an uncompressed day, 864 s of the run: six attempts end after some 40 s.
  const outages = [1, 2].map((vehicle) => ({ vehicle, startMs: 0, durationMs: 86_400_000 }));
  const report = await virtualReport(scenarioOf({ outages }));
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.outcomes.failed).toBe(2);
  expect(report.revocations).toEqual({ done: 2, superseded: 0, open: 0 });
  expect(report.tookMs).toBeLessThan(60_000);
});
