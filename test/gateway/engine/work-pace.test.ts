import { describe, expect, it } from 'vitest';
import { concurrentWorksMax, lookAgainMs, workPace } from '../../../gateway/engine/work-pace.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

it.each([
  [0, 256, 256],
  [50, 256, 256],
  [51, 256, 128],
  [100, 256, 128],
  [101, 256, 64],
  [101, 4, 4],
])('with a lag of %i ms and %i works at most, %i are under way at once', (lagMs, concurrency, expected) => {
  expect(concurrentWorksMax(lagMs, concurrency)).toBe(expected);
});

describe('the engine gives way to requests', () => {
  function withPace(hasEventLoop = true) {
    const clock = manualClock();
    const lag = { ms: 101 };
    const pace = workPace({
      ...{ clock, concurrency: 256 },
      ...(hasEventLoop ? { eventLoop: { lagMs: () => lag.ms } } : {}),
    });
    const ends: (() => void)[] = [];
    const begun: number[] = [];
    const begin = (index: number) =>
      pace(
        () =>
          new Promise<number>((resolve) => {
            begun.push(index);
            ends.push(() => resolve(index));
          }),
      );
    return { clock, lag, ends, begun, begin };
  }

  it('works on 64 at once under lag, in the order of asking, and begins the next when one ends', async () => {
    const { ends, begun, begin } = withPace();
    const all = Array.from({ length: 66 }, (_, index) => begin(index));
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
    await settle();
    expect(begun).toEqual(numbers(64));
    ends.shift()?.();
    await settle();
    expect(begun).toEqual(numbers(65));
    for (const end of ends.splice(0)) end();
    await settle();
    for (const end of ends.splice(0)) end();
    expect(await Promise.all(all)).toEqual(numbers(66));
  });

  it('begins every work that waits within 50 ms when the lag is over, though no work has ended', async () => {
    const { clock, lag, ends, begun, begin } = withPace();
    const all = Array.from({ length: 100 }, (_, index) => begin(index));
    await settle();
    lag.ms = 0;
    await clock.advance(lookAgainMs);
    expect(begun.length).toBe(100);
    for (const end of ends) end();
    await Promise.all(all);
    expect(clock.pending()).toEqual([]);
  });

  it('frees the place of work that throws', async () => {
    const pace = workPace({ clock: manualClock(), eventLoop: { lagMs: () => 101 }, concurrency: 1 });
    await expect(pace(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await pace(async () => 'done')).toBe('done');
  });

  it('holds nothing back where no turn takes time', async () => {
    const { begun, begin, clock } = withPace(false);
    for (let index = 0; index < 300; index += 1) void begin(index);
    await settle();
    expect([begun.length, clock.pending()]).toEqual([300, []]);
  });
});
