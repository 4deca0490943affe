import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { watchClock } from '../../../shared/live/clock-jumps.ts';
import { silentLog } from '../../../shared/ports/log.ts';

const hour = 3_600_000;
const day = 24 * hour;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('logs each jump of the wall clock once, forward and back, and none for what a time server slews', async () => {
  const lines: unknown[] = [];
  let monotonicMs = 0;
  let offsetMs = 1_800_000_000_000;
  const clocks = { wallMs: () => monotonicMs + offsetMs, monotonicMs: () => monotonicMs };
  const log = { ...silentLog, warn: (event: string, fields?: object) => void lines.push([event, fields]) };
  const watch = watchClock(log, clocks);
  for (const jumpMs of [0, hour, 0, 1_999, -hour, 0]) {
    offsetMs += jumpMs;
    monotonicMs += 10_000;
    vi.advanceTimersByTime(10_000);
  }
  await watch.stop();
  offsetMs += hour;
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([
    ['clock.jumped', { byMs: hour }],
    ['clock.jumped', { byMs: -hour }],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([hour, -hour])(
  'a timer of the live clock keeps its duration when the wall clock jumps by %i ms',
  (byMs) => {
    const fired: string[] = [];
    wallClock.setTimer(30_000, () => fired.push('short'));
    wallClock.setTimer(30 * day, () => fired.push('long'));
    vi.advanceTimersByTime(29_999);
    vi.setSystemTime(Date.now() + byMs);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['short']);
    vi.advanceTimersByTime(30 * day - 30_001);
    expect(fired).toEqual(['short']);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['short', 'long']);
  },
);
