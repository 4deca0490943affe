import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';
import { virtualReport } from './virtual-run.ts';

const services = shippedCatalogue().services();

function reading(purchases: object, more: object = {}) {
  const base = { name: 'stated', description: 'Stated purchases.', timeScale: 100, vehicles: { count: 10 } };
  return readScenarioFile(stringify({ ...base, purchases, ...more }), 'stated.yaml', services);
}

function scenarioOf(...parameters: Parameters<typeof reading>) {
  const read = reading(...parameters);
  if (!read.ok) throw new Error(read.mistakes.join('\n'));
  return read.scenario;
}

test('a stated purchase is made beside the drawn ones, at its time, with its card, customer and duration', () => {
  const scenario = scenarioOf({
    count: 3,
    overMs: '1 s',
    items: [
      {
        id: 'p1',
        vehicle: { model: 'aurora-2026' },
        service: 'sport-mode',
        atMs: '5 s',
        card: 'pm_card_mastercard',
        customer: 'customer-0002',
        duration: '24 hours',
      },
      { id: 'p2', vehicle: { of: 'p1' }, service: 'heated-seats' },
    ],
  });
  const { purchases, vehicles } = planScenario(scenario, 1, seededRandom);
  const [p2, ...rest] = purchases;
  const p1 = rest.at(-1);
  expect(purchases.map(({ id }) => id).toSorted()).toEqual(['p-001', 'p-002', 'p-003', 'p1', 'p2']);
  expect(p1).toMatchObject({
    id: 'p1',
    atMs: 5_000,
    customerId: 'customer-0002',
    serviceId: 'sport-mode',
    feature: 'sport_mode',
    duration: { unit: 'hours', count: 24 },
    method: 'pm_card_mastercard',
    preDelivery: false,
  });
  expect(vehicles.find(({ vin }) => vin === p1?.vin)?.model).toBe('aurora-2026');
  // Without a duration the first that the catalogue sells, without a customer the owner, without a card the good one.
  const [firstOffer] = services.find(({ id }) => id === 'heated-seats')?.offers ?? [];
  expect(p2).toMatchObject({
    ...{ id: 'p2', atMs: 0, vin: p1?.vin, method: 'pm_card_visa', duration: firstOffer?.duration },
    customerId: vehicles.find(({ vin }) => vin === p1?.vin)?.customerId,
  });
});

test('a scenario that states its purchases needs no count and draws none', () => {
  const { purchases } = planScenario(
    scenarioOf({ items: [{ id: 'p1', service: 'heated-seats' }] }),
    1,
    seededRandom,
  );
  expect(purchases.map(({ id }) => id)).toEqual(['p1']);
});

test('no drawn purchase repeats a stated one, and those drawn are the same without stated ones elsewhere', () => {
  const drawn = { count: 8, overMs: 0, services: [offer('heated-seats', 'heated_seats')], perVehicleMax: 3 };
  const items = [{ id: 'p1', service: 'heated-seats' }];
  for (let seed = 1; seed <= 20; seed += 1) {
    const { purchases } = planScenario(scenarioOf({ ...drawn, items }), seed, seededRandom);
    expect(new Set(purchases.map(({ vin, serviceId }) => `${vin} ${serviceId}`)).size).toBe(9);
  }
});

test('named vehicles stand beside drawn ones, and no VIN is there twice', () => {
  const vin = 'WFWAUR1E3TA000003';
  const scenario = scenarioOf(
    { items: [{ id: 'p1', vin, service: 'heated-seats' }] },
    {
      vehicles: {
        count: 50,
        models: [{ model: 'aurora-2026', weight: 1 }],
        list: [{ vin, model: 'aurora-2026' }],
      },
    },
  );
  for (let seed = 1; seed <= 20; seed += 1) {
    const { vehicles, purchases } = planScenario(scenario, seed, seededRandom);
    expect(new Set(vehicles.map((vehicle) => vehicle.vin)).size).toBe(50);
    expect(purchases.map((purchase) => purchase.vin)).toEqual([vin]);
  }
});

test('a vehicle is chosen by its fault: none, any, or one of a type', () => {
  const scenario = scenarioOf(
    {
      items: ['none', 'any', 'hang'].map((fault, index) => ({
        ...{ id: `p${index}`, vehicle: { fault }, service: 'heated-seats' },
      })),
    },
    {
      vehicles: { count: 10, models: [{ model: 'aurora-2026', weight: 1 }] },
      faults: {
        vehicles: [
          { name: 'h', type: 'hang', mode: 'one', attributes: { first: [1, 1] } },
          {
            name: 'o',
            type: 'offline',
            mode: 'fixed',
            value: 3,
            attributes: { afterMs: [0, 0], forMs: [9, 9] },
          },
        ],
      },
    },
  );
  const { vehicles, purchases } = planScenario(scenario, 4, seededRandom);
  const faultsOf = (id: string) => {
    const vin = purchases.find((purchase) => purchase.id === id)?.vin;
    return (vehicles.find((vehicle) => vehicle.vin === vin)?.faults ?? []).map(({ type }) => type);
  };
  expect(faultsOf('p0')).toEqual([]);
  expect(faultsOf('p1')).not.toEqual([]);
  expect(faultsOf('p2')).toContain('hang');
});

test('who buys is independent of who meets a fault, unless the scenario asks for it', () => {
  const offline = {
    type: 'offline',
    mode: 'fixed',
    value: 20,
    attributes: { afterMs: [0, 0], forMs: [9, 9] },
  };
  const faults = { vehicles: [{ name: 'away', ...offline }] };
  const faulted = (buyers: object) => {
    const scenario = scenarioOf(
      { count: 20, overMs: 100, ...buyers },
      { vehicles: { count: 100, models: [{ model: 'aurora-2026', weight: 1 }] }, faults },
    );
    const { vehicles, purchases } = planScenario(scenario, 1, seededRandom);
    const away = new Set(vehicles.filter((one) => one.faults.length > 0).map(({ vin }) => vin));
    return purchases.filter(({ vin }) => away.has(vin)).length;
  };
  expect(faulted({ buyers: 'faulted-first' })).toBe(20);
  // 20 of 100 vehicles have a fault, and so have about 4 of 20 buyers.
  expect(faulted({})).toBe(faulted({ buyers: 'any' }));
  expect(faulted({})).toBeLessThan(10);
});

const item = { id: 'p1', service: 'heated-seats' };

test.each([
  [{ items: [item, item] }, 'purchases.items[1].id is "p1" again; give each purchase an id of its own'],
  [
    { items: [{ ...item, id: 'p-001' }] },
    'purchases.items[0].id is "p-001", as drawn purchases are called; write one such as p1',
  ],
  [
    { items: [{ ...item, vehicle: { of: 'p2' } }] },
    'purchases.items[0].vehicle.of is "p2", which no stated purchase above it is called; write the id of one',
  ],
  [
    { items: [{ ...item, vehicle: { model: 'dacia' } }] },
    'purchases.items[0].vehicle.model is "dacia", which this fleet does not have; write one of aurora-2026, borealis-2026, cirrus-2025',
  ],
  [
    { items: [{ ...item, customer: 'customer-0011' }] },
    'purchases.items[0].customer is "customer-0011"; write one of customer-0001 to customer-0010',
  ],
  [
    { items: [{ ...item, duration: '7 hours' }] },
    'purchases.items[0].duration is none of the durations that heated-seats is sold for',
  ],
  [
    { items: [{ ...item, feature: 'sport_mode' }] },
    'purchases.items[0].feature is "sport_mode", but heated-seats wakes heated_seats',
  ],
  [
    { items: [{ ...item, vin: 'WFWAUR1E3TA000003', vehicle: {} }] },
    'purchases.items[0].vehicle stands beside vin; leave out one of the two',
  ],
  [{ count: 0, overMs: 0 }, 'purchases.count is 0; write at least 1, or name purchases.items'],
])('refuses %j with the place and the fix', (purchases, mistake) => {
  const read = reading(purchases);
  expect(read.ok ? [] : read.mistakes.map((line) => line.replace(/^stated\.yaml:\d+:\d+: /, ''))).toEqual([
    mistake,
  ]);
});

test('refuses an expectation on a purchase that the scenario does not make', () => {
  const read = reading({ items: [item] }, { expectations: ['p9 active', 'p1 active within 2 minutes'] });
  expect(read.ok ? [] : read.mistakes).toEqual([
    'stated.yaml:11:5: expectations[0] is "p9 active"; no purchase is called "p9"; write one of p1',
    'stated.yaml:12:5: expectations[1] is "p1 active within 2 minutes"; "within 2 minutes" is no duration; write one such as "45 min", "30 s", "2 h" or "500 ms"',
  ]);
});

test('judges one purchase from the evidence of a run, and says what was found', async () => {
  const scenario = scenarioOf(
    {
      items: [
        { id: 'p1', vehicle: { model: 'aurora-2026' }, service: 'heated-seats', duration: '1 month' },
        { id: 'p2', service: 'heated-seats', card: 'pm_card_visa_chargeDeclined' },
      ],
    },
    {
      customers: { languages: ['en'], pushShare: 0 },
      expectations: [
        'p1 active within 2 min, 1 attempt, 3 e-mails, 0 push messages, 0 tickets',
        'p1 failed within 1 ms, at least 2 attempts, 1 EUR refunded',
        'p2 declined, 0 EUR captured, at most 0 attempts',
      ],
    },
  );
  const { expectations } = await virtualReport(scenario);
  expect(expectations.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(expectations[1]?.found).toMatch(/^active after .+, 1 attempt, 0\.00 EUR refunded$/);
  expect(expectations[2]?.found).toBe('declined, 0.00 EUR captured, 0 attempts');
});

function offer(id: string, feature: string) {
  return { id, feature, duration: { unit: 'months', count: 1 }, weight: 1 };
}
