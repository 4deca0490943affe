import { describe, expect, test } from 'vitest';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { type Plan, planScenario } from '../../../simulator/scenarios/plan.ts';
import { isBeyondCommand, isGoneForGood } from '../../../simulator/scenarios/plan-vehicles.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';

const services = loadCatalogue(catalogueFolder(shippedCatalogueFolder())).services();

const head = `name: records
description: Faults in the one form.
timeScale: 100
vehicles: { count: 40 }
purchases: { count: 2, overMs: 1000 }
faults:
  list:
`;

function planOf(record: string, seed = 1): Plan {
  const reading = readScenarioFile(`${head}    - ${record}\n`, 'my.yaml', services);
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  return planScenario(reading.scenario, seed, seededRandom);
}

function mistakesIn(record: string): readonly string[] {
  const reading = readScenarioFile(`${head}    - ${record}\n`, 'my.yaml', services);
  return reading.ok ? [] : reading.mistakes;
}

const wedged = (target: string) => `{ name: w, layer: vehicle, type: wedged, target: ${target} }`;
const metBy = (plan: Plan) => plan.vehicles.filter(({ faults }) => faults.length > 0);

describe('a fault of a scenario in the one form', () => {
  test('is given to its vehicles with its values, the others at their defaults', () => {
    const plan = planOf(
      '{ name: tunnel, layer: link, type: offline, target: { selector: { models: [cirrus-2025], state: applying } }, schedule: { forMs: 3100, first: 1 } }',
    );
    const met = metBy(plan);
    expect(met.map(({ model }) => model)).toEqual(
      plan.vehicles.filter(({ model }) => model === 'cirrus-2025').map(({ model }) => model),
    );
    expect(met[0]?.faults).toEqual([
      {
        name: 'tunnel',
        layer: 'link',
        type: 'offline',
        toxicity: 1,
        attributes: {},
        schedule: { forMs: 3_100, first: 1 },
        state: 'applying',
      },
    ]);
  });

  test.each([
    ['{}', 40],
    ['{ mode: one }', 1],
    ['{ mode: fixed, value: 7 }', 7],
    ['{ mode: fixed-percent, value: 25 }', 10],
    ['{ selector: { share: 0.2 } }', 8],
    ['{ selector: { share: 0.5 } }', 24],
    ['{ mode: fixed-percent, value: 50, selector: { share: 0.5 } }', 12],
  ])('with the target %s meets %i of 40 vehicles', (target, count) => {
    expect(metBy(planOf(wedged(target)))).toHaveLength(count);
  });

  test('a share is chosen by the VIN: vehicles of a smaller share are among those of a larger one', () => {
    const vins = (share: number) =>
      metBy(planOf(wedged(`{ selector: { share: ${share} } }`))).map(({ vin }) => vin);
    expect(vins(0.5)).toEqual(expect.arrayContaining(vins(0.2)));
    expect(vins(0.2)).toEqual(vins(0.2));
  });

  test('of a service goes between the engine and that service', () => {
    const plan = planOf(
      '{ name: down, layer: services, type: server_error, target: { service: payments, method: POST, path: /v1/refunds }, toxicity: 0.5 }',
    );
    expect(plan.apiIotFaults).toEqual([]);
    expect(plan.paymentsFaults).toEqual([
      {
        name: 'down',
        type: 'server_error',
        toxicity: 0.5,
        attributes: { status: 503 },
        match: { method: 'POST', path: '/v1/refunds' },
      },
    ]);
  });

  test.each([
    ['{ name: x, layer: link, type: offline }', [true, true]],
    ['{ name: x, layer: link, type: offline, schedule: { forMs: 50 } }', [false, false]],
    ['{ name: x, layer: message, type: lose_command }', [false, true]],
    ['{ name: x, layer: message, type: lose_command, schedule: { first: 2 } }', [false, false]],
    ['{ name: x, layer: vehicle, type: hang_at, attributes: { at: answering } }', [false, false]],
    ['{ name: x, layer: vehicle, type: wedged }', [false, true]],
  ])('%s is gone for good, and beyond command: %o', (record, expected) => {
    const [vehicle] = planOf(record).vehicles;
    if (!vehicle) throw new Error('there is a vehicle');
    expect([isGoneForGood(vehicle), isBeyondCommand(vehicle, 3_000)]).toEqual(expected);
  });
});

describe('an impossible fault is refused with its place and the fix', () => {
  test.each([
    [
      '{ name: x, layer: link, type: slicer }',
      'my.yaml:8:37: faults.list[0].type is "slicer"; an MQTT message is handed over whole, so cutting the stream shows nothing; use latency or bandwidth',
    ],
    [
      '{ name: x, layer: services, type: nats_restart }',
      'my.yaml:8:41: faults.list[0].type is "nats_restart"; the bus is not on the way of a vehicle or a request; a scenario has it as nats_down in faults.parts',
    ],
    [
      '{ name: x, layer: link, type: offline, target: { selector: { state: applying } } }',
      'my.yaml:8:7: faults.list[0].schedule.forMs is missing; a fault that waits for a state needs schedule.forMs, how long it lasts from then on',
    ],
    [
      '{ name: x, layer: link, type: offline, target: { mode: fixed } }',
      'my.yaml:8:54: faults.list[0].target.value is missing; with mode fixed write the number of vehicles',
    ],
    [
      '{ name: x, layer: link, type: offline, target: { selector: { regions: [XX] } } }',
      'my.yaml:8:78: faults.list[0].target.selector.regions[0] is "XX", which this fleet does not have; write one of DE, ES, or add it to vehicles.regions',
    ],
    [
      '{ name: x, layer: link, type: offline, schedule: { from: 2 } }',
      'my.yaml:8:64: faults.list[0].schedule.from is 2; only faults of messages and of services begin with a later one: remove it',
    ],
    [
      '{ name: x, layer: vehicle, type: offline }',
      'my.yaml:8:25: faults.list[0].layer is "vehicle"; write link',
    ],
    [
      '{ name: x, layer: link, type: offline, schedule: { afterMs: 5000000 } }',
      'my.yaml:8:67: faults.list[0].schedule.afterMs begins at 5000000 ms, and by 46300 ms every activation of this scenario has ended; write a smaller number',
    ],
    [
      '{ name: x, layer: message, type: lose_ack, stream: downstream }',
      'my.yaml:8:58: faults.list[0].stream is "downstream"; write upstream',
    ],
  ])('%s', (record, sentence) => {
    expect(mistakesIn(record)).toEqual([sentence]);
  });
});
