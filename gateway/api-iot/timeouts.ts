import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { type Ending, recordEnding } from './endings.ts';
import { rescanMs } from './rescan.ts';
import { listOverdue, nextExpiry } from './store/commands.ts';
import type { ApiIotSchema } from './store/schema.ts';

/** Waits after failures of the database. */
const backOff = { baseMs: 1_000, maxMs: 30_000 };
/** The most commands timed out in one transaction. */
const pageMax = 200;

/** Times commands out with a single timer, set to the next expiry. */
export interface Timeouts {
  /** A command expires at this instant. */
  watch(expiresAt: number): void;
  /** Finds the next expiry in the database; what is overdue times out at once. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface TimeoutDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEnded: (endings: readonly Ending[]) => void;
  /** Whether other processes accept commands on this database too. */
  readonly isShared: boolean;
}

function expirePage({ database, clock }: TimeoutDeps): Promise<{ found: number; endings: Ending[] }> {
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

/** Times out every overdue command. Resolves with the next expiry. */
async function expire(deps: TimeoutDeps): Promise<number | null> {
  for (let found = pageMax; found === pageMax; ) {
    const page = await expirePage(deps);
    deps.onEnded(page.endings);
    found = page.found;
  }
  const nextAt = await nextExpiry(deps.database.reader);
  // A process that has died watches its commands no more.
  return deps.isShared ? Math.min(nextAt ?? Number.POSITIVE_INFINITY, deps.clock.now() + rescanMs) : nextAt;
}

export function newTimeouts(deps: TimeoutDeps): Timeouts {
  const { clock, log } = deps;
  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'api_iot.time_out_failed',
    pass: () => expire(deps),
    backOff,
  });
  return {
    watch: (expiresAt) => loop.wakeAt(expiresAt),
    async start() {
      loop.start(null);
      const nextAt = await expire(deps);
      if (nextAt !== null) loop.wakeAt(nextAt);
    },
    stop: () => loop.stop(),
  };
}
