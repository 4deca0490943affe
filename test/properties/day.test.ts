import { describe, expect, test } from 'vitest';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { runDay } from '../../simulator/check/day.ts';
import { dayLinks } from '../../simulator/check/day-links.ts';
import { type Outage, outages } from '../../simulator/fleet/connectivity.ts';

const hourMs = 3_600_000;

/** The outages of the profile that begin within the first hours, as it draws them. */
function drawn(vin: string, untilMs: number): Outage[] {
  const all: Outage[] = [];
  for (const outage of outages('drive', seededRandom(1).stream(vin))) {
    if (outage.startMs >= untilMs) return all;
    all.push(outage);
  }
  return all;
}

/** A vehicle that is simulated from the first instant on, while `isBusy` returns true. */
async function watchedFrom(fromMs: number, isBusy: (nowMs: number) => boolean): Promise<Outage[]> {
  const loop = virtualLoop({ startAt: 0 });
  const seen: Outage[] = [];
  const links = dayLinks({
    clock: loop.clock('world'),
    random: seededRandom(1),
    startedAt: 0,
    cars: { cut: (_, durationMs) => void seen.push({ startMs: loop.now(), durationMs: durationMs ?? 0 }) },
    isBusy: () => isBusy(loop.now()),
  });
  loop.clock('world').setTimer(fromMs, () => links.watch('A'));
  await loop.run(4 * hourMs);
  expect(links.cutCount()).toBe(seen.length);
  return seen;
}

describe('The links of a long run', () => {
  test('go as the profile says while something is under way for the vehicle', async () => {
    expect(await watchedFrom(0, () => true)).toEqual(drawn('A', 4 * hourMs));
  });

  test('are away at once for the rest of an outage that has begun before', async () => {
    const [first] = drawn('A', 4 * hourMs).filter(({ durationMs }) => durationMs > 5_000);
    if (!first) throw new Error('the profile has no long outage in four hours');
    const seen = await watchedFrom(first.startMs + 1_000, () => false);
    expect(seen).toEqual([{ startMs: first.startMs + 1_000, durationMs: first.durationMs - 1_000 }]);
  });

  test('stay as they are once nothing is under way', async () => {
    const all = drawn('A', 4 * hourMs);
    const seen = await watchedFrom(0, (nowMs) => nowMs < hourMs);
    expect(seen).toEqual(all.filter(({ startMs }) => startMs < hourMs));
  });
});

test('a day of a small fleet breaks no rule, and the same seed gives the same trace', async () => {
  const size = { seed: 5, vehicleCount: 40, purchaseCount: 80, durationMs: 6 * hourMs };
  const parts: number[] = [];
  const deps = {
    cpuMs: () => 0,
    onPart: ({ purchases }: { purchases: number }) => void parts.push(purchases),
  };
  const first = await runDay(size, deps);
  expect(first.verdicts.filter(({ ok }) => !ok)).toEqual([]);
  expect(first.unhandled).toEqual([]);
  expect(parts.reduce((sum, count) => sum + count, 0)).toBe(80);
  expect(parts).toHaveLength(12);
  expect(new Set(Object.keys(first.ends))).toEqual(new Set(['active', 'declined']));
  const second = await runDay(size, deps);
  expect(second.traceHash).toBe(first.traceHash);
});
