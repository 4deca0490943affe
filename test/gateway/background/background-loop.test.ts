import { describe, expect, it } from 'vitest';
import {
  type BackgroundLoop,
  backgroundLoop,
  type LoopOptions,
} from '../../../gateway/background/background-loop.ts';
import type { Log } from '../../../shared/ports/log.ts';
import { type ManualClock, manualClock, settle } from '../../helpers/manual-clock.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly loop: BackgroundLoop;
  /** Milliseconds after the start of each pass. */
  readonly passes: number[];
  readonly logged: unknown[][];
}

/** A loop on a manual clock whose passes the test answers: with the milliseconds until the next, null, or an error. */
function bench(
  answer: (pass: number) => Promise<number | null> | number | null,
  options: Partial<LoopOptions> = {},
): Bench {
  const clock = manualClock(0);
  const passes: number[] = [];
  const logged: unknown[][] = [];
  const line =
    (level: string): Log['info'] =>
    (event, fields) =>
      logged.push([level, event, fields]);
  const loop = backgroundLoop({
    clock,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    failureLog: 'test.pass_failed',
    backOff: { baseMs: 1_000, maxMs: 8_000 },
    async pass() {
      passes.push(clock.now());
      const waitMs = await answer(passes.length);
      return waitMs === null ? null : clock.now() + waitMs;
    },
    ...options,
  });
  return { clock, loop, passes, logged };
}

describe('a background loop', () => {
  it('runs a pass at its start, at the instants that passes ask for, and then waits for a wake-up', async () => {
    const { clock, loop, passes } = bench((pass) => (pass < 3 ? 500 : null));
    loop.start();
    await clock.advance(10_000);
    expect(passes).toEqual([0, 500, 1_000]);
    expect(loop.counters()).toEqual({ mode: 'idle', passes: 3, failedPasses: 0, lastError: null });
    loop.wake();
    await settle();
    expect(passes).toEqual([0, 500, 1_000, 10_000]);
  });

  it('gathers wake-ups that come together into one pass', async () => {
    const { clock, loop, passes } = bench(() => null, { gatherMs: 50 });
    loop.start(null);
    loop.wake();
    await clock.advance(20);
    loop.wake();
    await clock.advance(20);
    expect([passes, loop.counters().mode]).toEqual([[], 'waiting']);
    await clock.advance(100);
    expect(passes).toEqual([50]);
  });

  it('runs one more pass after the one under way for a wake-up during it, and never two at once', async () => {
    let finish = () => {};
    const { clock, loop, passes } = bench((pass) =>
      pass === 1 ? new Promise((resolve) => (finish = () => resolve(null))) : null,
    );
    loop.start();
    await settle();
    loop.wake();
    loop.wake();
    await clock.advance(300);
    expect([passes, loop.counters().mode]).toEqual([[0], 'running']);
    finish();
    await clock.advance(10);
    expect(passes).toEqual([0, 300]);
  });

  it('sets its timer earlier for an earlier instant, and not later for a later one', async () => {
    const { clock, loop, passes } = bench(() => null);
    loop.start(5_000);
    loop.wakeAt(9_000);
    expect(clock.pending()).toEqual([5_000]);
    loop.wakeAt(2_000);
    expect(clock.pending()).toEqual([2_000]);
    await clock.advance(10_000);
    expect(passes).toEqual([2_000]);
  });

  it('counts, logs and backs off what a pass throws, and no wake-up shortens the wait', async () => {
    const { clock, loop, passes, logged } = bench((pass) => {
      if (pass <= 5) throw new Error(`cannot reach http://u:pw@host/ (${pass})`);
      return null;
    });
    loop.start();
    for (let second = 0; second < 40; second += 1) {
      loop.wake();
      await clock.advance(1_000);
    }
    expect(passes.slice(0, 6)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000]);
    expect(
      logged.map(([level, event, fields]) => [level, event, (fields as { failures: number }).failures]),
    ).toEqual([
      ['warn', 'test.pass_failed', 1],
      ['warn', 'test.pass_failed', 2],
      ['error', 'test.pass_failed', 3],
      ['error', 'test.pass_failed', 4],
      ['error', 'test.pass_failed', 5],
    ]);
    expect(logged[0]?.[2]).toEqual({ failures: 1, reason: 'Error: cannot reach http://***@host/ (1)' });
    expect(loop.counters()).toMatchObject({ failedPasses: 5, lastError: null });
  });

  it('paces passes that ask for the next one at once', async () => {
    const { clock, loop, passes } = bench(() => 0);
    loop.start();
    await clock.advance(20);
    expect(passes).toEqual([0, 1, 3, 7, 15]);
    await clock.advance(60_000);
    expect(passes.length).toBeLessThan(75);
  });

  it('aborts the pass under way when it is stopped, waits for it, and runs no other', async () => {
    const { clock, loop, passes } = bench(() => 1, {
      pass: (signal) =>
        new Promise((resolve) => {
          passes.push(clock.now());
          signal.addEventListener('abort', () => resolve(0));
        }),
    });
    loop.start();
    await settle();
    loop.wake();
    await loop.stop();
    loop.wake();
    await clock.advance(10_000);
    expect([passes, loop.counters().mode, clock.pending()]).toEqual([[0], 'stopped', []]);
  });

  it('runs a last pass for an open wake-up when it is asked to finish on stop, even while it backs off', async () => {
    const { clock, loop, passes } = bench(
      (pass) => {
        if (pass === 1) throw new Error('away');
        return null;
      },
      { finishesOnStop: true, gatherMs: 50 },
    );
    loop.start();
    await settle();
    expect(loop.counters().mode).toBe('backing_off');
    loop.wake();
    await loop.stop();
    expect([passes, clock.pending()]).toEqual([[0, 0], []]);
    loop.start(null);
    await loop.stop();
    expect(passes).toEqual([0, 0]);
  });

  it('starts again after a stop, without the failures of before', async () => {
    const { clock, loop, passes } = bench((pass) => {
      if (pass === 2) return null;
      throw new Error('away');
    });
    loop.start();
    await clock.advance(500);
    await loop.stop();
    loop.start();
    await clock.advance(5_000);
    expect(passes).toEqual([0, 500]);
    loop.wake();
    await clock.advance(1_500);
    expect(passes).toEqual([0, 500, 5_500, 6_500]);
  });
});
