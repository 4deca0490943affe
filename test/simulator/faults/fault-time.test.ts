import { expect, it } from 'vitest';
import { faultTimeAt } from '../../../simulator/faults/fault-time.ts';

const minute = 60_000;

it('lasts until it is removed without an end, and until its window ends with one', () => {
  expect(faultTimeAt(undefined, minute)).toEqual({ state: 'active', remainingMs: null });
  expect(faultTimeAt({ forMs: 5 * minute }, 2 * minute)).toEqual({
    state: 'active',
    remainingMs: 3 * minute,
  });
  expect(faultTimeAt({ forMs: 5 * minute }, 5 * minute)).toEqual({ state: 'over', remainingMs: null });
});

it('waits until its first window begins, and between two windows', () => {
  const schedule = { afterMs: minute, forMs: minute, everyMs: 10 * minute };
  expect(faultTimeAt(schedule, 0)).toEqual({ state: 'waiting', remainingMs: minute });
  expect(faultTimeAt(schedule, minute)).toEqual({ state: 'active', remainingMs: minute });
  expect(faultTimeAt(schedule, 2 * minute)).toEqual({ state: 'waiting', remainingMs: 9 * minute });
  expect(faultTimeAt(schedule, 11 * minute)).toEqual({ state: 'active', remainingMs: minute });
});
