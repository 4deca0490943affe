import { expect, it } from 'vitest';
import { readStatus } from '../../../gateway/api-iot/device-reading.ts';

const vin = '1M8GDM9AXKP042788';
const featuresOf = (parameters: unknown) => {
  const feature = { feature: 'heated_seats', state: 'active', version: 3, parameters };
  const reading = readStatus({ vin, online: true, clock: 1, features: [feature] });
  return [reading?.value.features, reading?.leftOut];
};
const stands = { feature: 'heated_seats', state: 'active', version: 3 };

it('keeps the parameters that a vehicle reports of a feature', () => {
  expect(featuresOf({ levels: 2, zones: 'front' })).toEqual([
    [{ ...stands, parameters: { levels: 2, zones: 'front' } }],
    [],
  ]);
});

it('keeps a feature of a vehicle that reports no parameters', () => {
  expect(featuresOf(undefined)).toEqual([[stands], []]);
});

it.each([
  ['no object', 7],
  ['an object as a value', { levels: {} }],
  ['a text that is too long', { levels: 'x'.repeat(257) }],
  ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`p${index}`, 1]))],
])('leaves parameters out that cannot be read (%s), and keeps the state of the feature', (_, parameters) => {
  expect(featuresOf(parameters)).toEqual([
    [stands],
    [{ reason: 'status_part', part: 'features.0.parameters' }],
  ]);
});
