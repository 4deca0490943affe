import { expect, test } from 'vitest';
import { type Arrivals, arrivalAt, arrivalMistakes } from '../../../simulator/scenarios/arrivals.ts';

const quarters = (arrivals: Arrivals) =>
  [0, 0.25, 0.5, 0.75, 1].map((part) => arrivalAt(arrivals, 1_000, part));

test.each([
  ['a constant rate', [{ atMs: 0, rate: 3 }], [0, 250, 500, 750, 1_000]],
  // The area below a line from 0 grows with the square of the time.
  [
    'a ramp from nothing',
    [
      { atMs: 0, rate: 0 },
      { atMs: 1_000, rate: 8 },
    ],
    [0, 500, 707, 866, 1_000],
  ],
  [
    'a ramp down to nothing',
    [
      { atMs: 0, rate: 8 },
      { atMs: 1_000, rate: 0 },
    ],
    [0, 133, 292, 500, 1_000],
  ],
  [
    'a step',
    [
      { atMs: 500, rate: 0 },
      { atMs: 500, rate: 2 },
    ],
    [500, 625, 750, 875, 1_000],
  ],
  [
    'a peak in the middle',
    [
      { atMs: 400, rate: 0 },
      { atMs: 500, rate: 1 },
      { atMs: 600, rate: 0 },
    ],
    [400, 470, 500, 529, 1_000],
  ],
])('purchases arrive by %s', (_, arrivals, expected) => {
  expect(quarters(arrivals)).toEqual(expected);
});

test.each([
  [
    [{ atMs: 1_001, rate: 1 }],
    0,
    'atMs',
    'is 1001, and purchases arrive within 1000 ms; write at most 1000, or raise purchases.overMs',
  ],
  [
    [
      { atMs: 500, rate: 1 },
      { atMs: 400, rate: 1 },
    ],
    1,
    'atMs',
    'is 400, before the point above it; write the points in order',
  ],
  [[{ atMs: 0, rate: 0 }], 0, 'rate', 'is 0, as at every other point; write a rate above 0 at one point'],
])('refuses the curve %j with its point and the fix', (arrivals, index, key, text) => {
  expect(arrivalMistakes(arrivals, 1_000)).toEqual([{ index, key, text }]);
});
