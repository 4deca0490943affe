import { expect, it } from 'vitest';
import { sampleOf } from '../../../gateway/api-iot/telemetry-sample.ts';

const start = 1_800_000_000_000;
const second = 1_000;
const vehicles = Array.from({ length: 1_000 }, (_, index) => `1M8GDM9A0KP${String(index).padStart(6, '0')}`);
const settings = { everyMs: 60_000, count: 60 };

it('spreads the samples of 1,000 vehicles that all report each second over the whole minute', () => {
  const perSecond = Array.from({ length: 60 }, (_, index) => {
    const at = start + index * second;
    return vehicles.filter(
      (vin) => sampleOf({ vin, at }, { 'Vehicle.Speed': 50 }, at - second, settings) !== null,
    ).length;
  });
  expect(perSecond.reduce((sum, count) => sum + count)).toBe(1_000);
  expect(Math.max(...perSecond)).toBeLessThan(60);
});
