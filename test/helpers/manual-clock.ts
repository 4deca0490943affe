import type { Clock } from '../../shared/ports/clock.ts';

interface Pending {
  readonly dueAt: number;
  readonly sequence: number;
  readonly callback: () => void;
}

export interface ManualClock extends Clock {
  /** Moves time on, firing due timers in order; between two timers everything that can run has run. */
  advance(ms: number): Promise<void>;
  /** Instants of the timers that wait, in order. */
  pending(): number[];
}

/** Lets promises and immediates run out, so that what a timer started is done before the next one fires. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A clock that only the test moves. */
export function manualClock(startAt = 1_800_000_000_000): ManualClock {
  let now = startAt;
  let sequence = 0;
  let timers: Pending[] = [];
  const ordered = () => timers.toSorted((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence);
  return {
    now: () => now,
    setTimer(delayMs, callback) {
      sequence += 1;
      const timer: Pending = { dueAt: now + Math.max(0, delayMs), sequence, callback };
      timers.push(timer);
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = ordered()[0];
        if (next === undefined || next.dueAt > until) break;
        timers = timers.filter((other) => other !== next);
        now = next.dueAt;
        next.callback();
        await settle();
      }
      now = until;
      await settle();
    },
    pending: () => ordered().map((timer) => timer.dueAt),
  };
}
