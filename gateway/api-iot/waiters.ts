import type { Clock } from '../../shared/ports/clock.ts';
import type { CommandRow } from './store/schema.ts';

/** The most requests held at once; beyond that `Prefer: wait` is not honoured. */
const waiterMax = 1_000;

/** Requests that wait for the end of a command. */
export interface Waiters {
  /** Resolves with the ended command, or with null after `waitMs`, or at once when too many wait. */
  wait(commandId: string, waitMs: number): Promise<CommandRow | null>;
  ended(command: CommandRow): void;
  /** Lets everyone go. */
  release(): void;
}

export function newWaiters(clock: Clock): Waiters {
  const waiting = new Map<string, Set<(command: CommandRow | null) => void>>();
  let count = 0;
  return {
    wait(commandId, waitMs) {
      if (count >= waiterMax || waitMs <= 0) return Promise.resolve(null);
      return new Promise((resolve) => {
        const others = waiting.get(commandId) ?? new Set();
        const finish = (command: CommandRow | null) => {
          timer.cancel();
          if (!others.delete(finish)) return;
          count -= 1;
          if (others.size === 0) waiting.delete(commandId);
          resolve(command);
        };
        const timer = clock.setTimer(waitMs, () => finish(null));
        others.add(finish);
        waiting.set(commandId, others);
        count += 1;
      });
    },
    ended(command) {
      for (const finish of [...(waiting.get(command.id) ?? [])]) finish(command);
    },
    release() {
      for (const set of [...waiting.values()]) for (const finish of [...set]) finish(null);
    },
  };
}
