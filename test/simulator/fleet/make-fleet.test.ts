import { expect, test } from 'vitest';
import { hasValidCheckDigit } from '../../../shared/protocol/vin.ts';
import { makeFleet } from '../../../simulator/fleet/make-fleet.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';
import { seededRandom } from '../../helpers/fleet-under-test.ts';

const made = (count: number, seed: number) => {
  let passwords = 0;
  return makeFleet({
    count,
    random: seededRandom(seed),
    models: shippedModels(),
    newPassword: () => `password-${++passwords}`,
  });
};

test('every VIN is valid and none appears twice', () => {
  const specs = made(3000, 1);
  expect(specs.filter((spec) => !hasValidCheckDigit(spec.vin))).toEqual([]);
  expect(new Set(specs.map((spec) => spec.vin)).size).toBe(3000);
  expect(new Set(specs.map((spec) => spec.password)).size).toBe(3000);
});

test('models and regions are spread', () => {
  const specs = made(3000, 1);
  for (const { id } of shippedModels()) {
    const share = specs.filter((spec) => spec.model.id === id).length / specs.length;
    expect(share).toBeCloseTo(1 / 3, 1);
  }
  expect(new Set(specs.map((spec) => spec.region))).toEqual(new Set(['DE', 'ES', 'FR', 'IT', 'SE']));
});

test('a seed gives one fleet, and a larger one begins with the smaller', () => {
  expect(made(50, 9)).toEqual(made(50, 9));
  expect(made(80, 9).slice(0, 50)).toEqual(made(50, 9));
  expect(made(50, 10)).not.toEqual(made(50, 9));
});
