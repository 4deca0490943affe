import { sql } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { PlatformSchema } from '../store/schema.ts';

/** Counting stops here, so that a scrape costs no more than this many rows. */
const rowsMax = 100_000;

interface Deps {
  readonly database: Pick<Database<PlatformSchema>, 'reader'>;
  readonly clock: Pick<Clock, 'now'>;
}

async function ticketsOpen({ database: { reader } }: Deps): Promise<{ late: number; in_time: number }> {
  const { count: late } = await reader
    .selectFrom((from) =>
      from.selectFrom('tickets').select('id').where(sql<boolean>`overdue = 1`).limit(rowsMax).as('late'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  const { count: open } = await reader
    .selectFrom((from) =>
      from.selectFrom('tickets').select('id').where('status', '=', 'open').limit(rowsMax).as('open'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return { late: Number(late), in_time: Math.max(0, Number(open) - Number(late)) };
}

async function notificationsDead({ database: { reader } }: Deps): Promise<number> {
  const { count } = await reader
    .selectFrom((from) =>
      from
        .selectFrom('notices')
        .select('id')
        // As the partial index says it; without the words it is not used.
        .where(sql<boolean>`status = 'dead'`)
        .where('dropped_at', 'is', null)
        .limit(rowsMax)
        .as('dead'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function oldestNotificationMs({ database: { reader }, clock }: Deps): Promise<number> {
  const { first } = await reader
    .selectFrom((from) =>
      from
        .selectFrom('notices')
        .select('created_at')
        .where(sql<boolean>`status = 'waiting'`)
        .limit(rowsMax)
        .as('waiting'),
    )
    .select((select) => select.fn.min<number | string | null>('created_at').as('first'))
    .executeTakeFirstOrThrow();
  return first === null ? 0 : Math.max(0, clock.now() - Number(first));
}

async function isStopped({ database: { reader } }: Deps): Promise<boolean> {
  const row = await reader.selectFrom('installation').select('stopped_at').executeTakeFirst();
  return (row?.stopped_at ?? null) !== null;
}

/** What waits for people, or for another service: read from the database at each scrape. */
export function waitingFigures(registers: Registry[], deps: Deps): void {
  new Gauge({
    name: 'fleetwake_tickets_open',
    help: `Open tickets, in time or late by their SLA (counted up to ${rowsMax})`,
    labelNames: ['sla'],
    registers,
    async collect() {
      const { late, in_time } = await ticketsOpen(deps);
      this.set({ sla: 'in_time' }, in_time);
      this.set({ sla: 'late' }, late);
    },
  });
  const gauge = (name: string, help: string, value: () => Promise<number>) =>
    new Gauge({
      ...{ name, help, registers },
      async collect() {
        this.set(await value());
      },
    });
  gauge(
    'fleetwake_notifications_dead',
    `Notifications that were given up and wait for an operator (counted up to ${rowsMax})`,
    () => notificationsDead(deps),
  );
  gauge(
    'fleetwake_notification_wait_max_seconds',
    'How long the oldest notification that is still to be sent has waited; 0 when none waits',
    async () => (await oldestNotificationMs(deps)) / 1_000,
  );
  gauge(
    'fleetwake_restore_stopped',
    'Whether nothing is worked on because the database is an older one: 1, or 0',
    async () => ((await isStopped(deps)) ? 1 : 0),
  );
}
