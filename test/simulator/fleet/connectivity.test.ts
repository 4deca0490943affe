import { describe, expect, test } from 'vitest';
import { type ConnectivityProfile, type Outage, outages } from '../../../simulator/fleet/connectivity.ts';
import { seededRandom } from '../../helpers/fleet-under-test.ts';

function draw(profile: ConnectivityProfile, count: number, timeScale = 1) {
  const drawn: Outage[] = [];
  for (const outage of outages(profile, seededRandom(42), timeScale)) {
    drawn.push(outage);
    if (drawn.length === count) break;
  }
  return drawn;
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.floor(fraction * sorted.length)] ?? Number.NaN;
}

describe('drive has the outages of the measured drives', () => {
  const drawn = draw('drive', 20_000);
  const seconds = drawn.map((outage) => outage.durationMs / 1000).sort((a, b) => a - b);

  test.each([
    [0.5, 1.6, 0.1],
    [0.75, 2.6, 0.1],
    [0.9, 5.3, 0.1],
    [0.95, 11, 0.1],
    [0.99, 36, 0.25],
  ])('quantile %d of the duration is %d s', (fraction, expected, tolerance) => {
    expect(Math.abs(quantile(seconds, fraction) / expected - 1)).toBeLessThanOrEqual(tolerance);
  });

  test('none is shorter than a second or longer than 593 s, and some outlast the command time-out', () => {
    expect(seconds.at(0)).toBeGreaterThanOrEqual(1);
    expect(seconds.at(-1)).toBeLessThanOrEqual(593);
    expect(seconds.filter((duration) => duration > 300).length / seconds.length).toBeCloseTo(0.0026, 2);
  });

  test('there are 29 an hour, and about 4 % of the time is without connection', () => {
    const hours = (drawn.at(-1)?.startMs ?? 0) / 3_600_000;
    expect(drawn.length / hours).toBeGreaterThan(28);
    expect(drawn.length / hours).toBeLessThan(30);
    const share = seconds.reduce((sum, duration) => sum + duration, 0) / 3600 / hours;
    expect(share).toBeGreaterThan(0.033);
    expect(share).toBeLessThan(0.047);
  });
});

test.each([
  ['tunnel', 30, 120],
  ['garage', 360, 86_400],
  ['sleep', 3600, 28_800],
  ['flapping', 1, 5],
] as const)('%s outages last from %d to %d seconds', (profile, shortest, longest) => {
  const seconds = draw(profile, 5000).map((outage) => outage.durationMs / 1000);
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(shortest);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(longest);
});

test('steady is never away', () => {
  expect(draw('steady', 10)).toEqual([]);
});

test('outages never overlap, come from the seed and can be scaled', () => {
  const drawn = draw('flapping', 1000);
  for (const [index, outage] of drawn.entries()) {
    const before = drawn[index - 1];
    if (before) expect(outage.startMs).toBeGreaterThanOrEqual(before.startMs + before.durationMs);
  }
  expect(draw('flapping', 1000)).toEqual(drawn);
  const [whole, tenth] = [drawn.at(-1)?.startMs ?? 0, draw('flapping', 1000, 0.1).at(-1)?.startMs ?? 0];
  expect(tenth / whole).toBeCloseTo(0.1, 3);
});
