import { newHeap } from '../../shared/memory/heap.ts';
import type { Clock, Timer } from '../../shared/ports/clock.ts';

interface Entry {
  readonly dueAt: number;
  readonly sequence: number;
  callback: (() => void) | null;
}

/**
 * Many due moments on one timer of the clock: 5,000 vehicles with several each would be as many timers otherwise.
 * Entries that are due at the same instant run in the order in which they were made.
 */
export function agenda(clock: Clock) {
  const entries = newHeap<Entry>(isBefore);
  let armed: { timer: Timer; dueAt: number } | null = null;
  let sequence = 0;

  function arm(): void {
    const dueAt = entries.peek()?.dueAt;
    if (dueAt === armed?.dueAt) return;
    armed?.timer.cancel();
    armed =
      dueAt === undefined ? null : { timer: clock.setTimer(Math.max(0, dueAt - clock.now()), runDue), dueAt };
  }

  function runDue(): void {
    armed = null;
    const now = clock.now();
    for (let entry = entries.peek(); entry && entry.dueAt <= now; entry = entries.peek()) {
      entries.pop();
      const { callback } = entry;
      entry.callback = null;
      callback?.();
    }
    arm();
  }

  return {
    now: () => clock.now(),
    /** Runs `callback` once, `delayMs` from now. */
    after(delayMs: number, callback: () => void): Timer {
      sequence += 1;
      const entry: Entry = { dueAt: clock.now() + Math.max(0, delayMs), sequence, callback };
      entries.push(entry);
      arm();
      return {
        cancel: () => {
          entry.callback = null;
        },
      };
    },
    /** Forgets every entry. */
    clear(): void {
      entries.clear();
      arm();
    },
  };
}

export type Agenda = ReturnType<typeof agenda>;

function isBefore(left: Entry, right: Entry): boolean {
  return left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence);
}
