import { type Kysely, sql } from 'kysely';
import { pageOf } from '../http/paging.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { TicketRow } from '../store/ticket-tables.ts';
import { type Ticket, ticketOf } from './stored-ticket.ts';
import type { TicketState } from './ticket-work.ts';

export interface TicketQuery {
  readonly status?: TicketRow['status'] | undefined;
  readonly state?: TicketState | undefined;
  readonly priority?: TicketRow['priority'] | undefined;
  readonly assignee?: string | undefined;
  readonly vin?: string | undefined;
  /** True: only those that are late. */
  readonly overdue?: boolean | undefined;
  readonly incidentId?: string | undefined;
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
 * on. `bad_cursor` for an invalid cursor. With a status the cost does not grow with the tickets of other statuses.
 */
export async function listTickets(
  database: Kysely<PlatformSchema>,
  query: TicketQuery,
): Promise<TicketPage | 'bad_cursor'> {
  const limit = Math.min(Math.max(1, query.limit), pageMax);
  let select = database.selectFrom('tickets').selectAll();
  // What is late is open: without the words the index of the late ones is taken.
  const isImplied = query.overdue === true && query.status === 'open';
  if (query.status && !isImplied) select = select.where('status', '=', query.status);
  if (query.state) select = select.where('state', '=', query.state);
  if (query.priority) select = select.where('priority', '=', query.priority);
  if (query.assignee) select = select.where('assigned_to', '=', query.assignee);
  if (query.vin) select = select.where('vin', '=', query.vin);
  // A literal, so that SQLite can prove that the partial index holds every such row.
  if (query.overdue) select = select.where(sql<boolean>`overdue = 1`);
  if (query.incidentId) select = select.where('incident_id', '=', query.incidentId);
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
  const { page, next } = pageOf(rows, limit, (row) => `${row.priority}.${row.opened_at}.${row.id}`);
  return { tickets: page.map(ticketOf), next };
}
