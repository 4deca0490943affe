import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newTemporaryFolder, removeFolder } from '../helpers/temporary-folder.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

let folder = '';
beforeAll(async () => {
  buildWhenOutdated();
  folder = await newTemporaryFolder();
});
afterAll(() => removeFolder(folder));

const head = `id: delta-2027
vin: "WFWDLT4E*VD######"
firmware: "1.0.0"
battery: { capacityKwh: 60, kwhPerKm: 0.17 }
features:
`;
const scenario = `name: delta
description: A fleet of one model, whose speed is recorded.
timeScale: 60
fleet: { models: models }
vehicles: { count: 1 }
purchases: { count: 1, overMs: 1 s }
`;
const invokeStatus = 'at: /invokeStatus';
const adapter = readFileSync('gateway/adapter/library/connected-vehicle.yaml', 'utf8');
const mapping = readFileSync('docs/examples/own-engine.mapping.yaml', 'utf8');
const vin = 'WFWAUR1E6TA100001';
const at = '2027-01-15T08:00:00Z';
const log = [
  { type: 'purchase', at, vin, feature: 'heated_seats', status: 202, answer: { id: 'order-1' } },
  { type: 'payment', at, id: 'pi_1', amountMinor: 1_490, currency: 'EUR', metadata: { order: 'order-1' } },
  { type: 'money', at, payment: 'pi_1', kind: 'charged', amountMinor: 1_490, currency: 'EUR' },
]
  .map((fact) => `${JSON.stringify(fact)}\n`)
  .join('');

it.each([
  [
    'a vehicle model whose features need each other',
    {
      'models/delta.yaml': `${head}  - { id: massage_seats, requires: [winter_package] }
  - { id: winter_package, requires: [massage_seats] }
`,
    },
    'models --models models',
    `the vehicle models cannot be used:
models/delta.yaml:7:38: features[1].requires[0] is "massage_seats", which closes the circle massage_seats → winter_package → massage_seats; remove one of these dependencies`,
  ],
  [
    'a data type that VSS does not have',
    {
      'models/delta.yaml': `${head}  - { id: massage_seats }
signals:
  - { path: Vehicle.Speed, type: decimal, generator: { from: speed } }
`,
    },
    'models --models models',
    `the vehicle models cannot be used:
models/delta.yaml:8:34: signals[0].type is "decimal"; write a data type of VSS: boolean, string, string[], float, double, uint8, int8, uint16, int16, uint32, int32, uint64, int64`,
  ],
  [
    'an adapter that points nowhere',
    { 'adapter.yaml': adapter.replace(invokeStatus, 'at: /outcome') },
    'adapters --adapter adapter.yaml',
    `the adapter cannot be used:
adapter.yaml:24:9: command.state.at is "/outcome", which finds nothing in configure.example; write the pointer to it, or correct the example`,
  ],
  [
    'a mapping that matches nothing',
    { 'mapping.yaml': mapping.replace('metadata: order', 'metadata: invoice'), 'night.jsonl': log },
    'verify night.jsonl --mapping mapping.yaml',
    'mapping.yaml:6:13: payment.metadata "invoice" names an activation of this run on none of 1 payments; their metadata has order; correct the mapping',
  ],
  [
    'a recorded CSV with holes',
    {
      'delta-scenario.yaml': scenario,
      'models/delta.yaml': `${head}  - { id: heated_seats }
signals:
  - { path: Vehicle.Speed, type: uint8, generator: { from: recorded, file: drive.csv } }
`,
      'models/drive.csv': `field,signal,value,delay
current,Vehicle.Speed,27,1.5
current,Vehicle.Speed,,0.5
current,Vehicle.Speed,48,soon
current,Vehicle.Speed,24,-0.5
current,Vehicle.Sped,24,1
current,Vehicle.Speed,24
`,
    },
    'run ./delta-scenario.yaml',
    `the scenario cannot be run:
./delta-scenario.yaml:4:18: fleet.models is "models", which cannot be used; correct it, or what the next lines name
models/drive.csv:3: value is empty; write the value of Vehicle.Speed, or remove the row
models/drive.csv:4: delay is "soon"; write the seconds until the next row, 0 to 86400, such as 0.5
models/drive.csv:5: delay is "-0.5", and time runs forwards; write the seconds until the next row, 0 to 86400, such as 0.5
models/drive.csv:6: signal is "Vehicle.Sped", which this model does not have; did you mean Vehicle.Speed?
models/drive.csv:7: has 3 columns, and the header has 4; write field,signal,value,delay`,
  ],
])('%s ends the command with exit code 2, file, line and fix', async (_, files, call, says) => {
  expect(adapter).toContain(invokeStatus);
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const { exitCode, stdout, stderr } = await fleetwake(folder, call.split(' '));
  expect([exitCode, stdout, stderr]).toEqual([2, '', `fleetwake: ${says}\n`]);
});
