import type { Clock, Timer } from '../../shared/ports/clock.ts';
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

/** How often commands that another process may have ended are looked up while requests wait. */
const lookUpMs = 250;

/** `findEnded` looks up which of these commands have ended, where other processes end commands too; null: none does. */
export function newWaiters(
  clock: Clock,
  findEnded: ((ids: readonly string[]) => Promise<readonly CommandRow[]>) | null = null,
): Waiters {
  const waiting = new Map<string, Set<(command: CommandRow | null) => void>>();
  let count = 0;
  let timer: Timer | null = null;

  function lookUpLater(): void {
    if (findEnded === null || timer !== null || waiting.size === 0) return;
    timer = clock.setTimer(lookUpMs, () => {
      // A database that does not answer is asked again the next time.
      void findEnded([...waiting.keys()])
        .then((commands) => commands.forEach(release))
        .catch(() => {})
        .finally(() => {
          timer = null;
          lookUpLater();
        });
    });
  }

  function release(command: CommandRow): void {
    for (const finish of [...(waiting.get(command.id) ?? [])]) finish(command);
  }

  return {
    wait(commandId, waitMs) {
      if (count >= waiterMax || waitMs <= 0) return Promise.resolve(null);
      return new Promise((resolve) => {
        const others = waiting.get(commandId) ?? new Set();
        const finish = (command: CommandRow | null) => {
          limit.cancel();
          if (!others.delete(finish)) return;
          count -= 1;
          if (others.size === 0) waiting.delete(commandId);
          resolve(command);
        };
        const limit = clock.setTimer(waitMs, () => finish(null));
        others.add(finish);
        waiting.set(commandId, others);
        count += 1;
        lookUpLater();
      });
    },
    ended: release,
    release() {
      timer?.cancel();
      timer = null;
      for (const set of [...waiting.values()]) for (const finish of [...set]) finish(null);
    },
  };
}
