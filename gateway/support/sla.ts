import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { handOver } from './hand-over.ts';
import { nextShiftChange, type Roster } from './roster.ts';
import { checkSla } from './ticket-machine.ts';
import { dueTickets, nextDueTicketAt, saveWork } from './ticket-store.ts';

export interface SlaDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly roster: Roster;
  /**
   * How often it looks at least: tickets that opened meanwhile are found by then, so a clock that allows less than this may be
   * read so much late.
   */
  readonly lookEveryMs: number;
  /** Called after each commit that wrote record rows. */
  readonly onRecorded: () => void;
}

/** Tickets saved in one transaction. */
const batchMax = 100;

/**
 * Reads the clocks of all tickets by one timer and an index, and hands tickets over when shifts change. All that it needs is in
 * the database: after a restart it says what was due meanwhile, once. Several processes may run one each.
 */
export function slaTimer(deps: SlaDeps) {
  const { database, clock, ids, log, roster, lookEveryMs } = deps;
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = true;
  /** Null: not looked yet, so whoever left while we were down is found. */
  let shiftChangeAt: number | null = null;
  let isFirst = true;

  async function readClocks(): Promise<void> {
    for (let read = batchMax; read === batchMax && !stopped; ) {
      read = await database.write(async (transaction) => {
        const now = clock.now();
        const tickets = await dueTickets(transaction, now, batchMax);
        for (const ticket of tickets) {
          const { work, facts } = checkSla(ticket.work, now);
          await saveWork(transaction, ids, ticket, work, facts);
        }
        return tickets.length;
      });
      if (read > 0) deps.onRecorded();
    }
  }

  async function changeShifts(): Promise<void> {
    const now = clock.now();
    if (!isFirst && (shiftChangeAt === null || now < shiftChangeAt)) return;
    for (let given = batchMax; given === batchMax && !stopped; ) {
      given = await database.write((transaction) =>
        handOver(transaction, { ids, roster }, clock.now(), batchMax),
      );
      if (given > 0) deps.onRecorded();
    }
    isFirst = false;
    shiftChangeAt = nextShiftChange(roster, now);
  }

  async function look(): Promise<void> {
    try {
      await readClocks();
      await changeShifts();
    } catch (error) {
      // Another process was faster, or the database is away: the next look finds the rest.
      log.warn('support.sla_look_failed', { reason: String(error) });
    }
    const latest = clock.now() + lookEveryMs;
    const dueAt = await nextDueTicketAt(database.reader).catch(() => null);
    // What is due by now was refused a moment ago: it waits for the next look, or this would spin.
    const moments = [dueAt, shiftChangeAt].filter((at) => at !== null && at > clock.now()) as number[];
    if (!stopped) timer = clock.setTimer(Math.min(latest, ...moments) - clock.now(), begin);
  }

  function begin(): void {
    running = look().finally(() => {
      running = null;
    });
  }

  return {
    start(): void {
      stopped = false;
      begin();
    },
    async stop(): Promise<void> {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}
