import { expect, test } from 'vitest';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import { connectingMs } from '../../../simulator/fleet/connecting.ts';
import type { Fleet } from '../../../simulator/fleet/fleet.ts';
import { startFleet } from '../../../simulator/live/start-fleet.ts';

test('the rest of a fleet takes as long as the part that has connected, vehicle for vehicle', () => {
  expect(connectingMs(0, 100, 5_000)).toBeNull();
  expect(connectingMs(25, 100, 5_000)).toBe(15_000);
  expect(connectingMs(100, 100, 5_000)).toBe(0);
});

/** A fleet of 100 vehicles, of which one more is connected every `eachMs`; it says lines meanwhile. */
async function linesOf(eachMs: number): Promise<string[]> {
  const loop = virtualLoop({ startAt: 0 });
  const clock = loop.clock('fleet');
  const finishedCount = () => Math.min(100, Math.floor(clock.now() / eachMs));
  const fleet = {
    start: () => new Promise<void>((resolve) => void clock.setTimer(100 * eachMs, resolve)),
    states: () => Array.from({ length: 100 }, (_, index) => ({ connected: index < finishedCount() })),
    finishedCount,
  } as unknown as Fleet;
  const lines: string[] = [];
  const started = startFleet(fleet, { clock, say: (line) => lines.push(line) });
  await loop.run(100 * eachMs);
  await started;
  return lines;
}

test('a fleet that takes long says every four seconds how far it is and how long the rest takes', async () => {
  expect(await linesOf(100)).toEqual([
    'connecting · 40 of 100 vehicles · all are connected in about 6 s',
    'connecting · 80 of 100 vehicles · all are connected in about 2 s',
  ]);
});

test('a fleet that connects within four seconds says nothing', async () => {
  expect(await linesOf(39)).toEqual([]);
});
