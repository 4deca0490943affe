import { type Kysely, sql, type Transaction } from 'kysely';
import { preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';
import type { WebhookEventRow } from '../store/ticket-tables.ts';

const isToReplay = sql<boolean>`replay_at is not null`;

/** A parked event: it was refused, or its attempts are used up. An operator sends it again or drops it. */
export type ParkedEvent = WebhookEventRow;

/** An unreadable line is parked like any other. */
function ticketIdOf(data: string): string {
  try {
    return String((JSON.parse(data) as { ticketId?: unknown }).ticketId ?? '');
  } catch {
    return '';
  }
}

/** Parks an event, or parks it again with its newest reason. */
export async function parkEvent(
  transaction: Transaction<PlatformSchema>,
  { id, seq, type, data }: RecordRow,
  { tries, reason, at }: { readonly tries: number; readonly reason: string; readonly at: number },
): Promise<void> {
  await transaction
    .insertInto('webhook_events')
    .values({ id, seq, type, ticket_id: ticketIdOf(data), tries, reason, parked_at: at, replay_at: null })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((set) => ({
        tries: set('webhook_events.tries', '+', tries),
        reason,
        parked_at: at,
        replay_at: null,
      })),
    )
    .execute();
}

/** What the webhook has to look at. */
export interface WebhookLook {
  readonly isOff: boolean;
  /** An operator asked to send parked events again. */
  readonly hasReplays: boolean;
  /** How far it has come in the history; null before its first start. */
  readonly cursor: number | null;
}

const look = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ cursor: string }>) =>
  database.selectNoFrom((select) => [
    select.exists(select.selectFrom('webhook_off').select('id')).as('isOff'),
    select.exists(select.selectFrom('webhook_events').select('id').where(isToReplay)).as('hasReplays'),
    select.selectFrom('cursors').select('seq').where('name', '=', value('cursor')).as('cursor'),
  ]),
);

/** Reads at once what each pass of the webhook needs: most find nothing to do. */
export async function lookAtWebhook(database: Kysely<PlatformSchema>, cursor: string): Promise<WebhookLook> {
  const { rows } = await look(database, { cursor });
  const [row] = rows;
  return { isOff: Boolean(row?.isOff), hasReplays: Boolean(row?.hasReplays), cursor: row?.cursor ?? null };
}

/** The event that an operator asked to send again first, or null. */
export async function nextReplay(database: Kysely<PlatformSchema>): Promise<RecordRow | null> {
  const row = await database
    .selectFrom('webhook_events')
    .innerJoin('record', 'record.id', 'webhook_events.id')
    .selectAll('record')
    .where(isToReplay)
    .orderBy('replay_at')
    .orderBy('webhook_events.seq')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

const removeParked = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ id: string }>) =>
  database.deleteFrom('webhook_events').where('id', '=', value('id')),
);

/** Takes an event off the list: it was delivered or dropped. Resolves with whether it stood there. */
export async function deleteParked(transaction: Transaction<PlatformSchema>, id: string): Promise<boolean> {
  const { numAffectedRows } = await removeParked(transaction, { id });
  return numAffectedRows === 1n;
}

/** Asks to send a parked event again. Resolves with whether it stands on the list. */
export async function requestReplay(
  transaction: Transaction<PlatformSchema>,
  id: string,
  at: number,
): Promise<boolean> {
  const result = await transaction
    .updateTable('webhook_events')
    .set({ replay_at: at })
    .where('id', '=', id)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function findParked(database: Kysely<PlatformSchema>, id: string): Promise<ParkedEvent | null> {
  const row = await database.selectFrom('webhook_events').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? null;
}

/** Parked events in the order of the history, at most `limit`, after a place in it. */
export function listParked(
  database: Kysely<PlatformSchema>,
  limit: number,
  after: number,
): Promise<ParkedEvent[]> {
  return database
    .selectFrom('webhook_events')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

export interface WebhookOff {
  readonly at: number;
  readonly reason: string;
}

/** Since when the receiver is switched off (410), and why; null: it is on. */
export async function readWebhookOff(database: Kysely<PlatformSchema>): Promise<WebhookOff | null> {
  const row = await database.selectFrom('webhook_off').select(['at', 'reason']).executeTakeFirst();
  return row ?? null;
}

export async function switchWebhookOff(
  transaction: Transaction<PlatformSchema>,
  off: WebhookOff,
): Promise<void> {
  await transaction
    .insertInto('webhook_off')
    .values({ id: 1, ...off })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Switches the receiver on again. Resolves with whether it was off. */
export async function switchWebhookOn(transaction: Transaction<PlatformSchema>): Promise<boolean> {
  const result = await transaction.deleteFrom('webhook_off').executeTakeFirst();
  return result.numDeletedRows > 0n;
}
