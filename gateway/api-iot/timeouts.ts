import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Background } from './background.ts';
import { type Ending, recordEnding } from './endings.ts';
import { listOverdue, nextExpiry } from './store/commands.ts';
import type { ApiIotSchema } from './store/schema.ts';

/** After a failure of the database the next try comes after this time. */
const retryMs = 1_000;
/** The most commands timed out in one transaction. */
const pageMax = 200;

/** Times commands out with a single timer, set to the next expiry. */
export interface Timeouts {
  /** A command expires at this instant. */
  watch(expiresAt: number): void;
  /** Finds the next expiry in the database; what is overdue times out at once. */
  start(): Promise<void>;
  stop(): void;
}

export function newTimeouts(deps: {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly background: Background;
  readonly onEnded: (endings: readonly Ending[]) => void;
}): Timeouts {
  const { database, clock, background } = deps;
  let timer: Timer | null = null;
  let dueAt = Number.POSITIVE_INFINITY;
  let stopped = true;

  function expirePage(): Promise<{ found: number; endings: Ending[] }> {
    return database.write(async (transaction) => {
      const now = clock.now();
      const endings: Ending[] = [];
      const overdue = await listOverdue(transaction, now, pageMax);
      for (const command of overdue) {
        const end = { state: 'timed_out', ended_at: now, results: null, late: 0, clock: null } as const;
        const ending = await recordEnding(transaction, command, end);
        if (ending !== null) endings.push(ending);
      }
      return { found: overdue.length, endings };
    });
  }

  async function expire(): Promise<void> {
    for (;;) {
      const { found, endings } = await expirePage();
      deps.onEnded(endings);
      if (found < pageMax) break;
    }
    const next = await nextExpiry(database.reader);
    if (next !== null) watch(next);
  }

  function watch(expiresAt: number): void {
    if (stopped || expiresAt >= dueAt) return;
    timer?.cancel();
    dueAt = expiresAt;
    timer = clock.setTimer(expiresAt - clock.now(), () => {
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
      background.run('timeouts', () =>
        expire().catch((error: unknown) => {
          watch(clock.now() + retryMs);
          throw error;
        }),
      );
    });
  }

  return {
    watch,
    async start() {
      stopped = false;
      await expire();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
    },
  };
}
