import { expect, test } from 'vitest';
import { pickWeighted } from '../../../shared/ports/random.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { inRange, shuffled } from '../../../simulator/scenarios/draws.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import { constantsAtTimeScale, type Scenario } from '../../../simulator/scenarios/scenario.ts';
import { defaultScenario } from './shipped.ts';

test('one time scale compresses every duration, the hour of the quota included', () => {
  expect(constantsAtTimeScale(defaultScenario)).toEqual({
    maxRetries: 5,
    baseDelayMs: 200,
    maxDelayMs: 3_000,
    pollEveryMs: 300,
    resultGraceMs: 200,
    deadlineMs: 864_000,
    commandTimeoutMs: 3_000,
    quotaLimit: 10,
    quotaWindowMs: 36_000,
  });
});

test('a duration is never compressed to nothing, and nothing stays nothing', () => {
  const scenario = {
    ...defaultScenario,
    timeScale: 10_000,
    constants: { ...defaultScenario.constants, baseDelayMs: 20, resultGraceMs: 0 },
  };
  expect(constantsAtTimeScale(scenario)).toMatchObject({ baseDelayMs: 1, resultGraceMs: 0 });
});

test.each([
  ['one', undefined, 1],
  ['all', undefined, 200],
  ['fixed', 7, 7],
  ['fixed-percent', 25, 50],
] as const)('a fault in mode %s with value %s meets %i of 200 vehicles', (mode, value, met) => {
  expect(vehiclesWithFault({ mode, ...(value === undefined ? {} : { value }) })).toHaveLength(met);
});

test('a fault in mode random-max-percent meets as many as the seed draws, up to the share', () => {
  const met = [1, 2, 3, 4, 5].map(
    (seed) => vehiclesWithFault({ mode: 'random-max-percent', value: 50 }, seed).length,
  );
  expect(met).toEqual([52, 77, 38, 61, 46]);
});

test('a fault meets only vehicles of the models that it names', () => {
  const met = vehiclesWithFault({ mode: 'all', models: ['cirrus-2025'] });
  expect(new Set(met.map(({ model }) => model))).toEqual(new Set(['cirrus-2025']));
});

test('a negative clock skew can be drawn', () => {
  const plan = planScenario(
    withFaults([
      { name: 'behind', type: 'clock_skew', mode: 'all', attributes: { skewMs: [-9_000, -8_000] } },
    ]),
    1,
    seededRandom,
  );
  const skews = plan.vehicles.flatMap(({ faults }) =>
    faults.flatMap((fault) => (fault.type === 'clock_skew' ? [fault.attributes.skewMs] : [])),
  );
  expect(skews).toHaveLength(200);
  expect(skews.filter((skewMs) => skewMs < -9_000 || skewMs > -8_000)).toEqual([]);
});

test('a weight of three is picked three times as often as a weight of one', () => {
  const random = seededRandom(5);
  const items = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 3 },
  ];
  const picked = Array.from({ length: 40_000 }, () => pickWeighted(random, items).name);
  expect(picked.filter((name) => name === 'b').length / 40_000).toBeCloseTo(0.75, 2);
  expect(() => pickWeighted(random, [])).toThrow('pickWeighted: the list is empty');
});

test('a shuffled list has the same items, and every order comes up', () => {
  const random = seededRandom(6);
  const orders = new Set(Array.from({ length: 600 }, () => shuffled(random, [1, 2, 3]).join('')));
  expect(orders).toEqual(new Set(['123', '132', '213', '231', '312', '321']));
});

test('a range includes both of its ends', () => {
  const random = seededRandom(7);
  expect(new Set(Array.from({ length: 100 }, () => inRange(random, [4, 6])))).toEqual(new Set([4, 5, 6]));
});

function withFaults(vehicles: Scenario['faults']['vehicles']): Scenario {
  return {
    ...defaultScenario,
    purchases: { ...defaultScenario.purchases, unsupported: 0, count: 1, declined: 0, preDelivery: 0 },
    faults: { ...defaultScenario.faults, vehicles },
  };
}

function vehiclesWithFault(
  target: Pick<Scenario['faults']['vehicles'][number], 'mode' | 'value' | 'models'>,
  seed = 1,
) {
  const scenario = withFaults([{ name: 'hangs', type: 'hang', ...target, attributes: { first: [1, 1] } }]);
  return planScenario(scenario, seed, seededRandom).vehicles.filter(({ faults }) => faults.length > 0);
}
