import { expect, test } from 'vitest';
import { readSla } from '../../../gateway/support/sla-text.ts';

const hourMs = 3_600_000;

test('reads the times of each priority, and keeps the standard times of one that is left out', () => {
  expect(readSla('HIGH=30min/2h, MEDIUM=1d/3d')).toEqual({
    HIGH: { responseMs: hourMs / 2, resolutionMs: 2 * hourMs },
    MEDIUM: { responseMs: 24 * hourMs, resolutionMs: 72 * hourMs },
  });
  expect(readSla('HIGH=1h/1h')).toEqual({
    HIGH: { responseMs: hourMs, resolutionMs: hourMs },
    MEDIUM: { responseMs: 8 * hourMs, resolutionMs: 72 * hourMs },
  });
});

test.each([
  '',
  'HIGH',
  'HIGH=4h',
  'HIGH=0h/1h',
  'HIGH=2h/1h',
  'LOW=1h/2h',
  'HIGH=1h/2h,HIGH=1h/3h',
  'HIGH=1h/400d',
])('refuses %j', (text) => {
  expect(readSla(text)).toBe(null);
});
