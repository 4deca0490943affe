import type { Kysely, Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { PlatformSchema, TicketRow } from '../store/schema.ts';
import type { Unavailable } from './diagnostics.ts';
import type { TicketFields } from './ticket.ts';

export interface TicketNote {
  readonly at: number;
  readonly by: string;
  readonly text: string;
}

/** What is kept as JSON: the specification's fields, the vehicle's latest commands, and what came after. */
export interface StoredFields extends TicketFields {
  readonly configurationHistory: readonly CommandResource[] | Unavailable;
  readonly notes: readonly TicketNote[];
}

/** A ticket as the support desk reads it. Instants are epoch milliseconds. */
export interface Ticket {
  readonly id: string;
  readonly activationId: string;
  readonly purchaseId: string | null;
  readonly status: TicketRow['status'];
  readonly assignedTo: string | null;
  readonly openedAt: number;
  readonly responseDueAt: number;
  readonly closedAt: number | null;
  readonly fields: StoredFields;
}

/** A line in the purchase's record. */
export async function ticketRecord(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  ticket: Pick<TicketRow, 'id' | 'activation_id' | 'purchase_id'>,
  at: number,
  type: 'ticket.opened' | 'ticket.noted' | 'ticket.closed',
  actor: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  await transaction
    .insertInto('record')
    .values({
      id: ids.next('rec'),
      purchase_id: ticket.purchase_id,
      activation_id: ticket.activation_id,
      at,
      type,
      actor,
      data: JSON.stringify({ ticketId: ticket.id, ...data }),
    })
    .execute();
}

function ticketOf(row: TicketRow): Ticket {
  return {
    id: row.id,
    activationId: row.activation_id,
    purchaseId: row.purchase_id,
    status: row.status,
    assignedTo: row.assigned_to,
    openedAt: row.opened_at,
    responseDueAt: row.response_due_at,
    closedAt: row.closed_at,
    fields: JSON.parse(row.fields) as StoredFields,
  };
}

export async function ticketById(database: Kysely<PlatformSchema>, id: string): Promise<Ticket | null> {
  const row = await database.selectFrom('tickets').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? ticketOf(row) : null;
}

export interface TicketQuery {
  readonly status?: TicketRow['status'] | undefined;
  readonly priority?: TicketRow['priority'] | undefined;
  /** 1 to 100. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface TicketPage {
  readonly tickets: readonly Ticket[];
  readonly next: string | null;
}

const pageMax = 100;

/** `HIGH.1800000000000.tkt_…`: where the page before ended. */
const cursorShape = /^(HIGH|MEDIUM)\.(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/;

/**
 * A page of tickets: HIGH before MEDIUM, within that the oldest first, which is the order in which they are worked
 * on. `bad_cursor` when the cursor is none of ours. With a status the cost does not grow with the tickets of the other.
 */
export async function listTickets(
  database: Kysely<PlatformSchema>,
  query: TicketQuery,
): Promise<TicketPage | 'bad_cursor'> {
  const limit = Math.min(Math.max(1, query.limit), pageMax);
  let select = database.selectFrom('tickets').selectAll();
  if (query.status) select = select.where('status', '=', query.status);
  if (query.priority) select = select.where('priority', '=', query.priority);
  if (query.cursor !== undefined) {
    const [, priority, openedAt, id] = cursorShape.exec(query.cursor) ?? [];
    if (id === undefined) return 'bad_cursor';
    select = select.where((where) =>
      where(
        where.refTuple('priority', 'opened_at', 'id'),
        '>',
        where.tuple(priority as TicketRow['priority'], Number(openedAt), id),
      ),
    );
  }
  const rows = await select
    .orderBy('priority')
    .orderBy('opened_at')
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    tickets: rows.slice(0, limit).map(ticketOf),
    next: last ? `${last.priority}.${last.opened_at}.${last.id}` : null,
  };
}
