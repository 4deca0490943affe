import type { Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { handOver } from './hand-over.ts';
import { nextShiftChange, type Roster } from './roster.ts';
import { dueTickets, nextDueTicketAt } from './ticket-look-ups.ts';
import { checkSla } from './ticket-machine.ts';
import { saveWork } from './ticket-store.ts';

export interface SlaDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly roster: Roster;
  /** Longest time between two polls: tickets of another process are found then, so their SLA events may be this late. */
  readonly lookEveryMs: number;
  /** Called after each commit that wrote record rows. */
  readonly onRecorded: () => void;
}

/** Tickets saved in one transaction. */
const batchMax = 100;

/**
 * Reads the SLA clocks of all tickets with one timer and an index, and hands tickets over when shifts change. Its state is
 * in the database: after a restart it reports events that came due meanwhile, once. Several processes may run one each.
 */
export function slaTimer(deps: SlaDeps) {
  const { database, clock, log, roster, lookEveryMs } = deps;
  /** Null before the first pass, which hands over the tickets of those who left while the process was down. */
  let shifts: { readonly nextChangeAt: number | null } | null = null;

  async function handOverShifts(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    if (shifts !== null && (shifts.nextChangeAt === null || now < shifts.nextChangeAt)) return;
    await inBatches(signal, deps, (transaction) => handOver(transaction, deps, clock.now(), batchMax));
    shifts = { nextChangeAt: nextShiftChange(roster, now) };
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'support.sla_pass_failed',
    async pass(signal) {
      const dueAt = await nextDueTicketAt(database.reader);
      const isDue = dueAt !== null && dueAt <= clock.now();
      if (isDue) await inBatches(signal, deps, (transaction) => readClocks(transaction, deps));
      await handOverShifts(signal);
      const now = clock.now();
      const moments = [isDue ? await nextDueTicketAt(database.reader) : dueAt, shifts?.nextChangeAt ?? null];
      // What is due by now was refused a moment ago: it waits for the next pass.
      const later = moments.filter((at) => at !== null && at > now) as number[];
      return Math.min(now + lookEveryMs, ...later);
    },
    backOff: { baseMs: Math.min(1_000, lookEveryMs), maxMs: lookEveryMs },
  });

  return {
    start(): void {
      loop.start();
    },
    /** Tells it that a ticket may have been opened or changed. Cheap, and safe to call often. */
    wake: () => loop.wake(),
    stop: () => loop.stop(),
  };
}

/** Runs a write of up to `batchMax` tickets until one finds fewer. */
async function inBatches(
  signal: AbortSignal,
  { database, onRecorded }: SlaDeps,
  write: (transaction: Transaction<PlatformSchema>) => Promise<number>,
): Promise<void> {
  for (let count = batchMax; count === batchMax && !signal.aborted; ) {
    count = await database.write(write);
    if (count > 0) onRecorded();
  }
}

/** Saves what the clocks of due tickets say now. Resolves with how many tickets that were. */
async function readClocks(
  transaction: Transaction<PlatformSchema>,
  { clock, ids }: SlaDeps,
): Promise<number> {
  const now = clock.now();
  const tickets = await dueTickets(transaction, now, batchMax);
  for (const ticket of tickets) {
    const { work, facts } = checkSla(ticket.work, now);
    await saveWork(transaction, ids, ticket, work, facts);
  }
  return tickets.length;
}
