import { expect, test } from 'vitest';
import { hasValidCheckDigit } from '../../../shared/protocol/vin.ts';
import { makeFleet, type Weights } from '../../../simulator/fleet/make-fleet.ts';
import { shardOf, vehicleNumberMax } from '../../../simulator/fleet/vehicle-range.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';
import { seededRandom } from '../../helpers/fleet-under-test.ts';

interface Drawn {
  readonly first?: number;
  readonly count: number;
  readonly seed: number;
  readonly modelWeights?: Weights;
  readonly regionWeights?: Weights;
}

const made = ({ first = 1, seed, ...drawn }: Drawn) => {
  let passwords = 0;
  return makeFleet({
    ...drawn,
    first,
    random: seededRandom(seed),
    models: shippedModels(),
    newPassword: () => `password-${++passwords}`,
  });
};

/** The vehicles without their passwords, which the seed does not decide. */
const decided = (drawn: Drawn) => made(drawn).map(({ password: _, ...spec }) => spec);
const share = (names: readonly string[], name: string) =>
  names.filter((one) => one === name).length / names.length;

test('every VIN is valid and none appears twice', () => {
  const specs = made({ count: 3_000, seed: 1 });
  expect(specs.filter((spec) => !hasValidCheckDigit(spec.vin))).toEqual([]);
  expect(new Set(specs.map((spec) => spec.vin)).size).toBe(3_000);
  expect(new Set(specs.map((spec) => spec.password)).size).toBe(3_000);
});

test('models and regions are spread', () => {
  const specs = made({ count: 3_000, seed: 1 });
  const models = specs.map(({ model }) => model.id);
  for (const { id } of shippedModels()) expect(share(models, id)).toBeCloseTo(1 / 3, 1);
  expect(new Set(specs.map((spec) => spec.region))).toEqual(new Set(['DE', 'ES', 'FR', 'IT', 'SE']));
});

test('a seed gives one fleet, and a larger one begins with the smaller', () => {
  expect(made({ count: 50, seed: 9 })).toEqual(made({ count: 50, seed: 9 }));
  expect(made({ count: 80, seed: 9 }).slice(0, 50)).toEqual(made({ count: 50, seed: 9 }));
  expect(made({ count: 50, seed: 10 })).not.toEqual(made({ count: 50, seed: 9 }));
});

test('a vehicle is the same in every range that it is in', () => {
  const whole = decided({ count: 300, seed: 9 });
  expect(whole.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  expect(decided({ first: 121, count: 80, seed: 9 })).toEqual(whole.slice(120, 200));
});

test('the shards of a range are disjoint and together the range', () => {
  const range = { first: 41, count: 100 };
  const shards = [1, 2, 3].map((index) => shardOf(range, { index, of: 3 }));
  expect(shards).toEqual([
    { first: 41, count: 33 },
    { first: 74, count: 33 },
    { first: 107, count: 34 },
  ]);
  expect(shards.flatMap((shard) => decided({ ...shard, seed: 2 }))).toEqual(decided({ ...range, seed: 2 }));
  expect(shardOf({ first: 1, count: 2 }, { index: 1, of: 3 })).toEqual({ first: 1, count: 0 });
});

test('a VIN has room for 900,000 vehicles of a model', () => {
  const specs = made({ first: vehicleNumberMax - 1, count: 2, seed: 1 });
  expect(specs.map(({ number, vin }) => [number, vin.slice(11)])).toEqual([
    [899_999, '999998'],
    [900_000, '999999'],
  ]);
  expect(specs.every(({ vin }) => hasValidCheckDigit(vin))).toBe(true);
  expect(() => made({ first: vehicleNumberMax, count: 2, seed: 1 })).toThrow(
    'makeFleet: vehicle 900000 is the last one',
  );
});

test('weights say how frequent models and regions are, in every range', () => {
  const weights = {
    modelWeights: new Map([
      ['aurora-2026', 3],
      ['cirrus-2025', 1],
    ]),
    regionWeights: new Map([['ES', 1]]),
  };
  const specs = decided({ count: 4_000, seed: 3, ...weights });
  const models = specs.map(({ model }) => model.id);
  expect(share(models, 'aurora-2026')).toBeCloseTo(0.75, 1);
  expect(share(models, 'cirrus-2025')).toBeCloseTo(0.25, 1);
  expect(share(models, 'borealis-2026')).toBe(0);
  expect(new Set(specs.map(({ region }) => region))).toEqual(new Set(['ES']));
  expect(decided({ first: 1_001, count: 10, seed: 3, ...weights })).toEqual(specs.slice(1_000, 1_010));
});
