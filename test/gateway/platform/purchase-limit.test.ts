import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import {
  admissionOf,
  lagMaxMs,
  limitAfter,
  type PurchaseLimit,
  placesOf,
  savedWithinMs,
  startLimit,
} from '../../../gateway/platform/purchase-limit.ts';

const slow = (at: number) => ({ tookMs: savedWithinMs + 1, at, underWay: 64, lagMs: 0 });
const fast = (at: number, underWay: number) => ({ tookMs: savedWithinMs, at, underWay, lagMs: 0 });

it('is lowered once by purchases that began together, and again by one that began after it', () => {
  const lowered = limitAfter(startLimit(64), slow(1_000), 64);
  expect(lowered).toEqual({ value: 48, loweredAt: 1_000 });
  expect(limitAfter(lowered, slow(1_001), 64)).toBe(lowered);
  expect(limitAfter(lowered, slow(1_000 + savedWithinMs + 1), 64)).toEqual({
    value: 36,
    loweredAt: 1_000 + savedWithinMs + 1,
  });
});

it('never falls below 4, or below the most that is allowed', () => {
  const lowest = (max: number) => {
    let limit = startLimit(max);
    for (let at = 0; at < 100_000; at += 1_000) limit = limitAfter(limit, slow(at), max);
    return limit.value;
  };
  expect([lowest(64), lowest(4), lowest(2)]).toEqual([4, 4, 2]);
});

it('grows by one with a round of fast purchases that used all places, and not by fewer', () => {
  let limit: PurchaseLimit = { value: 10, loweredAt: 0 };
  for (let one = 0; one < 11; one += 1) limit = limitAfter(limit, fast(one, 10), 64);
  expect(placesOf(limit)).toBe(11);
  expect(limitAfter(limit, fast(20, 4), 64)).toBe(limit);
  expect(limitAfter(startLimit(64), fast(20, 64), 64).value).toBe(64);
});

const samples = fc.array(
  fc.record({ tookMs: fc.nat(2_000), at: fc.nat(1_000_000), underWay: fc.nat(64), lagMs: fc.nat(200) }),
  {
    maxLength: 200,
  },
);
test.prop([samples, fc.integer({ min: 1, max: 64 })])(
  'stays between its bounds under random load',
  (all, max) => {
    let limit = startLimit(max);
    for (const sample of all) {
      limit = limitAfter(limit, sample, max);
      expect(placesOf(limit)).toBeGreaterThanOrEqual(Math.min(4, max));
      expect(placesOf(limit)).toBeLessThanOrEqual(max);
    }
  },
);

it('is lowered by a purchase that was saved fast, while timers are later than 100 ms', () => {
  const late = { ...fast(1_000, 64), lagMs: lagMaxMs + 1 };
  expect(limitAfter(startLimit(64), late, 64)).toEqual({ value: 48, loweredAt: 1_000 });
  expect(limitAfter(startLimit(64), { ...late, lagMs: lagMaxMs }, 64)).toEqual(startLimit(64));
});

it('begins at 16 where the lag is measured, doubles with a round of fast purchases, and grows by one a round after a slow one', () => {
  let limit = startLimit(64, true);
  expect(limit).toEqual({ value: 16, loweredAt: null });
  for (let one = 0; one < 16; one += 1) limit = limitAfter(limit, fast(one, 32), 64);
  expect(limit).toEqual({ value: 32, loweredAt: null });
  limit = limitAfter(limit, slow(100), 64);
  expect(limit).toEqual({ value: 24, loweredAt: 100 });
  expect(limitAfter(limit, fast(101, 24), 64)).toEqual({ value: 24 + 1 / 24, loweredAt: 100 });
  expect([startLimit(8, true).value, startLimit(64).value]).toEqual([8, 64]);
});

it.each([
  [{ underWay: 15, waiting: 0, places: 16, lagMs: 0 }, 'begin'],
  [{ underWay: 16, waiting: 0, places: 16, lagMs: 0 }, 'wait'],
  [{ underWay: 15, waiting: 1, places: 16, lagMs: 0 }, 'wait'],
  [{ underWay: 16, waiting: 15, places: 16, lagMs: 100 }, 'wait'],
  [{ underWay: 16, waiting: 16, places: 16, lagMs: 0 }, 'refuse'],
  [{ underWay: 3, waiting: 0, places: 16, lagMs: 101 }, 'begin'],
  [{ underWay: 4, waiting: 0, places: 16, lagMs: 101 }, 'refuse'],
  [{ underWay: 3, waiting: 1, places: 16, lagMs: 101 }, 'refuse'],
  [{ underWay: 1, waiting: 0, places: 2, lagMs: 101 }, 'begin'],
  [{ underWay: 2, waiting: 0, places: 2, lagMs: 101 }, 'refuse'],
] as const)('of %o: %s', (load, expected) => {
  expect(admissionOf(load)).toBe(expected);
});
