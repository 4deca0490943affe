import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from './command-in-process.ts';

const scenario = `name: stated
description: Two purchases, one vehicle in a tunnel.
timeScale: 100
vehicles:
  count: 2
  list: [{ vin: WFWAUR1E3TA000003, model: aurora-2026 }, { vin: WFWAUR1E3TA000004, model: aurora-2026 }]
  regions: [{ region: ES, latitude: 40, longitude: -3, spreadDegrees: 0, weight: 1 }]
purchases:
  items:
    - { id: p1, vin: WFWAUR1E3TA000003, service: heated-seats, duration: 1 month, atMs: 600 }
    - { id: p2, vin: WFWAUR1E3TA000004, service: sport-mode, duration: 24 hours, preDelivery: true }
faults:
  apiIot:
    - { name: busy, type: server_error, toxicity: 0.5, attributes: { status: 503 }, schedule: { afterMs: 600, forMs: 1200 } }
  list:
    - name: tunnel
      layer: link
      type: offline
      target: { selector: { vins: [WFWAUR1E3TA000004] } }
      schedule: { afterMs: 0, forMs: 3 s }
expectations: [p1 active within 1 h]
`;

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await newTemporaryFolder();
  file = join(folder, 'stated.yaml');
  await writeFile(file, scenario);
});
afterAll(() => removeFolder(folder));

test('checks a file and runs nothing', async () => {
  const { stdout, stderr, error, exitCode } = await inProcess(['run', file, '--check', '--seed', '7']);
  expect([stdout, stderr, error, exitCode]).toEqual([
    `${file} is valid; seed 7: 2 vehicles, 2 purchases, 1 expectations\n`,
    '',
    null,
    0,
  ]);
  const json = await inProcess(['run', file, '--check', '--json']);
  const found = { ok: true, file, scenario: 'stated', seed: 1, vehicles: 2, purchases: 2 };
  expect(JSON.parse(json.stdout)).toEqual(found);
});

test('names each mistake of a file with file, line and fix', async () => {
  const wrong = join(folder, 'wrong.yaml');
  await writeFile(wrong, scenario.replace('service: sport-mode', 'service: sport'));
  const { error, stdout } = await inProcess(['run', wrong, '--check']);
  expect(stdout).toBe('');
  expect(error).toContain(
    `the scenario cannot be run:\n${wrong}:11:50: purchases.items[1].service is "sport", which is not sold; write one of `,
  );
});

test('names with file and line what the seed cannot draw', async () => {
  const impossible = join(folder, 'impossible.yaml');
  await writeFile(
    impossible,
    scenario.replace('vin: WFWAUR1E3TA000003, service', 'vehicle: { fault: hang }, service'),
  );
  for (const flag of ['--check', '--plan']) {
    const { error } = await inProcess(['run', impossible, flag]);
    expect(error).toBe(
      `the scenario cannot be run:\n${impossible}:10:26: purchases.items[0].vehicle fits no vehicle that the seed draws and that has the feature; choose less narrowly, or raise vehicles.count`,
    );
  }
});

test('prints who buys what when and who meets which fault', async () => {
  const { stdout, error } = await inProcess(['run', file, '--plan']);
  expect(error).toBe(null);
  expect(stdout).toBe(`Plan of scenario stated, seed 1: 2 vehicles, 2 purchases

Purchases, by their time after the first moment of the workload:
  p2  0 ms: customer-0002 buys sport-mode (24 hours) for WFWAUR1E3TA000004 (aurora-2026, ES) with pm_card_visa, before delivery; the vehicle has offline
  p1  1 min: customer-0001 buys heated-seats (1 month) for WFWAUR1E3TA000003 (aurora-2026, ES) with pm_card_visa

Faults of vehicles:
  WFWAUR1E3TA000004  offline after 0 ms for 5 min

Faults of services and components:
  API IoT  busy: server error, 50 % of requests after 1 min for 2 min
`);
  const json = JSON.parse((await inProcess(['run', file, '--plan', '--json'])).stdout);
  expect(json).toMatchObject({
    scenario: 'stated',
    purchases: [
      { id: 'p2', atMs: 0, vin: 'WFWAUR1E3TA000004' },
      { id: 'p1', atMs: 600, vin: 'WFWAUR1E3TA000003' },
    ],
    vehicles: [{ faults: [] }, { faults: [{ type: 'offline' }] }],
  });
});

test('plans a live run at the time scale that is asked for', async () => {
  const call = ['run', 'twenty-minutes-away', '--live', '--plan', '--json'];
  const [shipped, slower] = [await inProcess(call), await inProcess([...call, '--time-scale', '10'])];
  const planned = [shipped, slower].map(({ stdout }) => {
    const { timeScale, purchases } = JSON.parse(stdout);
    return [timeScale, purchases.find(({ id }: { id: string }) => id === 'p1').atMs];
  });
  expect(planned).toEqual([
    [50, 2_400],
    [10, 12_000],
  ]);
});
