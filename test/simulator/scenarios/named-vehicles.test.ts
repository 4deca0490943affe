import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';

const services = shippedCatalogue().services();
const vin = 'WFWAUR1E3TA000003';
const month = { unit: 'months', count: 1 };
const bought = { vin, atMs: 0, service: 'heated-seats', duration: month, card: 'pm_card_visa' };

function reading(vehicles: object[], purchases: object[], counts = [vehicles.length, purchases.length]) {
  const scenario = {
    name: 'named',
    description: 'Vehicles and purchases by name.',
    timeScale: 100,
    vehicles: { count: counts[0], list: vehicles },
    purchases: { count: counts[1], overMs: 500, list: purchases },
  };
  return readScenarioFile(JSON.stringify(scenario), 'named.yaml', services);
}

test('a scenario that names vehicles and purchases plans these and no others, with any seed', () => {
  const read = reading(
    [{ vin, model: 'aurora-2026' }],
    [bought, { ...bought, atMs: 400, service: 'sport-mode', card: 'pm_card_visa_chargeDeclined' }],
  );
  if (!read.ok) throw new Error(read.mistakes.join('\n'));
  for (const seed of [1, 2]) {
    const { vehicles, purchases } = planScenario(read.scenario, seed, seededRandom);
    expect(vehicles.map((one) => [one.vin, one.model, one.customerId])).toEqual([
      [vin, 'aurora-2026', 'customer-0001'],
    ]);
    expect(purchases.map((one) => [one.id, one.atMs, one.vin, one.feature, one.method])).toEqual([
      ['p-001', 0, vin, 'heated_seats', 'pm_card_visa'],
      ['p-002', 400, vin, 'sport_mode', 'pm_card_visa_chargeDeclined'],
    ]);
  }
});

test.each([
  [
    reading([{ vin, model: 'aurora-2026' }], [bought], [2, 1]),
    'vehicles.count is 2, and vehicles.list has 1; write 1',
  ],
  [
    reading([{ vin, model: 'aurora-2026' }], [bought], [1, 3]),
    'purchases.count is 3, and purchases.list has 1; write 1',
  ],
  [
    reading([{ vin, model: 'zephyr' }], [bought]),
    'vehicles.list[0].model is "zephyr"; write one of aurora-2026, borealis-2026, cirrus-2025',
  ],
  [
    reading(
      [
        { vin, model: 'aurora-2026' },
        { vin, model: 'aurora-2026' },
      ],
      [bought],
    ),
    `vehicles.list[1].vin is "${vin}" again; write each vehicle once`,
  ],
  [
    reading([{ vin, model: 'aurora-2026' }], [{ ...bought, vin: 'WFWAUR1E3TA000004' }]),
    'purchases.list[0].vin is "WFWAUR1E3TA000004"; name a vehicle of vehicles.list',
  ],
  [
    reading([{ vin, model: 'aurora-2026' }], [{ ...bought, duration: { unit: 'months', count: 7 } }]),
    'purchases.list[0].duration is none of the durations that heated-seats is sold for',
  ],
  [
    reading([{ vin, model: 'aurora-2026' }], [{ ...bought, atMs: 9 }, bought]),
    'purchases.list[1].atMs is earlier than the purchase before it; write them in the order of their arrival',
  ],
])('a list that contradicts itself is refused (%#)', (read, sentence) => {
  if (read.ok) throw new Error('the scenario was accepted');
  expect(read.mistakes.map((one) => one.replace(/^named\.yaml:\d+:\d+: /, ''))).toContain(sentence);
});
