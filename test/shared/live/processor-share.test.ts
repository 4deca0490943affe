import { expect, test } from 'vitest';
import { slownessMeter } from '../../../shared/live/processor-share.ts';

/** A meter that looks once a second at a loop that is active and served for so many milliseconds of each. */
function measured(seconds: readonly (readonly [activeMs: number, processorMs: number])[]): number {
  const meter = slownessMeter();
  let [activeMs, processorMs] = [0, 0];
  meter.look({ activeMs, processorMs });
  for (const [active, served] of seconds) {
    activeMs += active;
    processorMs += served;
    meter.look({ activeMs, processorMs });
  }
  return meter.slowness();
}

const times = (count: number, value: readonly [number, number]) => Array.from({ length: count }, () => value);

test('a process that is served whenever it has work is not slow', () => {
  expect(measured(times(30, [700, 700]))).toBe(1);
});

test('a process that other threads help is not faster than 1', () => {
  expect(measured(times(30, [700, 900]))).toBe(1);
});

test('a process that waits for a processor three quarters of the time is four times as slow', () => {
  expect(measured(times(30, [1_000, 250]))).toBe(4);
});

test('the worst ten seconds count, before and after calm ones', () => {
  expect(measured([...times(20, [500, 500]), ...times(10, [900, 300]), ...times(20, [500, 500])])).toBe(3);
});

test('ten seconds with little work say nothing', () => {
  expect(measured(times(30, [99, 10]))).toBe(1);
});
