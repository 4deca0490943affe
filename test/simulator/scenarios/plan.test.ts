import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { countBy, groupBy } from '../../../shared/memory/group.ts';
import { hasValidCheckDigit } from '../../../shared/protocol/vin.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import {
  isBeyondCommand,
  isGoneForGood,
  type PlannedVehicle,
} from '../../../simulator/scenarios/plan-vehicles.ts';
import type { Scenario } from '../../../simulator/scenarios/scenario.ts';
import { defaultScenario } from './shipped.ts';
import { smallScenario } from './small-scenario.ts';

const plan = planScenario(defaultScenario, 1, seededRandom);
const vehicles = new Map(plan.vehicles.map((vehicle) => [vehicle.vin, vehicle]));
const isSupported = (vin: string, feature: string) =>
  shippedModels()
    .find(({ id }) => id === vehicles.get(vin)?.model)
    ?.features.includes(feature) === true;

describe('a plan', () => {
  test('has the same bytes for the same seed, in any process on any machine', () => {
    const bytes = JSON.stringify(planScenario(smallScenario, 1, seededRandom));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      'ee1dcfe33955b27fbed62d8cd47173f5cc7f9217920930f320daff1c9812483c',
    );
    expect(createHash('sha256').update(JSON.stringify(plan)).digest('hex')).toBe(
      'c4a11b52bc55ef9c73a37ca0ce4b86f71b6c0c15cb8fec290949ef77b0507913',
    );
    expect(JSON.stringify(planScenario(defaultScenario, 1, seededRandom))).toBe(JSON.stringify(plan));
  });

  test('is another one for another seed', () => {
    const other = planScenario(defaultScenario, 2, seededRandom);
    expect(other.vehicles.map(({ vin }) => vin)).not.toEqual(plan.vehicles.map(({ vin }) => vin));
    expect(other.purchases.map(({ atMs }) => atMs)).not.toEqual(plan.purchases.map(({ atMs }) => atMs));
    expect(other.faultSeed).not.toBe(plan.faultSeed);
  });

  test('survives being written as JSON', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test('names a model that does not exist in a sentence', () => {
    const scenario = change(({ vehicles: { models } }) => {
      models.push({ model: 'dacia', weight: 1_000 });
    });
    expect(() => planScenario(scenario, 1, seededRandom)).toThrow(
      'no vehicle model dacia; there are aurora-2026, borealis-2026, cirrus-2025',
    );
  });

  test('says when the vehicles cannot take all purchases', () => {
    const scenario = change(({ purchases }) => {
      purchases.perVehicleMax = 1;
    });
    expect(() => planScenario(scenario, 1, seededRandom)).toThrow(
      'purchases.count is 300, and the 200 vehicles that the seed draws take only 200; write at most 200, or raise perVehicleMax or vehicles.count',
    );
  });
});

describe.each([1, 2, 3, 4, 5, 1_000_000_007])('the default plan of seed %i', (seed) => {
  const { vehicles: fleet, customers, purchases } = planScenario(defaultScenario, seed, seededRandom);
  const byVin = new Map(fleet.map((vehicle) => [vehicle.vin, vehicle]));

  test('has 200 vehicles of all three models, each with a VIN of its own whose check digit is right', () => {
    expect(new Set(fleet.map(({ vin }) => vin)).size).toBe(200);
    expect(fleet.filter(({ vin }) => !hasValidCheckDigit(vin))).toEqual([]);
    expect(new Set(fleet.map(({ model }) => model))).toEqual(
      new Set(['aurora-2026', 'borealis-2026', 'cirrus-2025']),
    );
  });

  test('has exactly the faults that the scenario asks for', () => {
    const faults = fleet.flatMap((vehicle) => vehicle.faults);
    expect(countBy(faults, ({ type }) => type)).toEqual({
      offline: 32,
      lose_result: 20,
      hang: 4,
      ecu_busy: 8,
      reject: 3,
      clock_skew: 2,
    });
    expect(fleet.filter(isGoneForGood)).toHaveLength(8);
    expect(fleet.flatMap(({ faults: own }) => own.filter(({ type }) => type === 'offline').slice(1))).toEqual(
      [],
    );
  });

  test('has 300 purchases in the order of their arrival, within 18 s, of known customers for their own vehicles', () => {
    expect(purchases.map(({ id }) => id)).toEqual(
      Array.from({ length: 300 }, (_, index) => `p-${String(index + 1).padStart(3, '0')}`),
    );
    const times = purchases.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.filter((atMs) => atMs < 0 || atMs > 18_000)).toEqual([]);
    const known = new Set(customers.map(({ id }) => id));
    expect(purchases.filter(({ customerId }) => !known.has(customerId))).toEqual([]);
    expect(purchases.filter(({ vin, customerId }) => byVin.get(vin)?.customerId !== customerId)).toEqual([]);
  });

  test('never buys one service twice for one vehicle, at most three for any, and one for a vehicle that is gone', () => {
    expect(new Set(purchases.map(({ vin, serviceId }) => `${vin} ${serviceId}`)).size).toBe(300);
    const perVehicle = groupBy(purchases, ({ vin }) => vin);
    expect([...perVehicle.values()].filter((own) => own.length > 3)).toEqual([]);
    expect([...perVehicle.values()].filter((own) => own.length > 1).length).toBeGreaterThan(20);
    const gone = fleet.filter(isGoneForGood).map(({ vin }) => perVehicle.get(vin)?.length);
    expect(gone).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test('has 8 declined cards, 12 vehicles before delivery and 14 features that a healthy vehicle lacks', () => {
    expect(countBy(purchases, ({ intent }) => intent)).toEqual({
      ordinary: 278,
      declined: 8,
      unsupported: 14,
    });
    expect(purchases.filter(({ preDelivery }) => preDelivery)).toHaveLength(12);
    expect(purchases.filter(({ method }) => method === 'pm_card_visa_chargeDeclined')).toHaveLength(8);
    const lacking = purchases.filter(({ vin, feature }) => !modelHas(byVin.get(vin), feature));
    expect(lacking.map(({ intent }) => intent)).toEqual(Array.from({ length: 14 }, () => 'unsupported'));
    expect(lacking.filter(({ vin }) => byVin.get(vin)?.faults.length !== 0)).toEqual([]);
  });

  test('buys something for every vehicle with a fault, and in the first seconds of its outage', () => {
    const first = new Map(purchases.toReversed().map(({ vin, atMs }) => [vin, atMs]));
    for (const { vin, faults } of fleet) {
      if (faults.length > 0) expect(first.has(vin)).toBe(true);
      for (const { type, attributes } of faults) {
        if (type !== 'offline') continue;
        const intoMs = (first.get(vin) ?? Number.NaN) - attributes.afterMs;
        expect(
          intoMs >= 0 && intoMs <= Math.min(5_000, (attributes.forMs ?? Number.POSITIVE_INFINITY) / 2),
        ).toBe(true);
      }
    }
  });
});

test('only features of the vehicle are bought where the purchase is meant to succeed', () => {
  const ordinary = plan.purchases.filter(({ intent }) => intent !== 'unsupported');
  expect(ordinary.filter(({ vin, feature }) => !isSupported(vin, feature))).toEqual([]);
});

test('a vehicle is beyond command when it is gone, hangs for good, or its clock makes every command too old', () => {
  const [some] = plan.vehicles;
  const beyond = (...faults: PlannedVehicle['faults'][number][]) =>
    isBeyondCommand({ ...(some as PlannedVehicle), faults }, 3_000);
  expect(beyond()).toBe(false);
  expect(beyond({ type: 'offline', attributes: { afterMs: 0, forMs: 90_000 } })).toBe(false);
  expect(beyond({ type: 'offline', attributes: { afterMs: 0, forMs: null } })).toBe(true);
  expect(beyond({ type: 'hang', attributes: { first: 3 } })).toBe(false);
  expect(beyond({ type: 'hang', attributes: { first: null } })).toBe(true);
  expect(beyond({ type: 'clock_skew', attributes: { skewMs: 3_000 } })).toBe(false);
  expect(beyond({ type: 'clock_skew', attributes: { skewMs: 3_001 } })).toBe(true);
});

function modelHas(vehicle: PlannedVehicle | undefined, feature: string): boolean {
  return (
    shippedModels()
      .find(({ id }) => id === vehicle?.model)
      ?.features.includes(feature) === true
  );
}

function change(work: (scenario: Scenario) => void): Scenario {
  const scenario = structuredClone(defaultScenario);
  work(scenario);
  return scenario;
}
