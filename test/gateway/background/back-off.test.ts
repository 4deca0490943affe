import { expect, it } from 'vitest';
import { backOffMs } from '../../../gateway/background/back-off.ts';

it('doubles the wait with each failure in a row, up to the maximum', () => {
  const backOff = { baseMs: 1_000, maxMs: 300_000 };
  expect([1, 2, 3, 9, 10, 2_000].map((failures) => backOffMs(backOff, failures))).toEqual([
    1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ]);
});
