import { type Kysely, sql, type Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { preparedQuery } from '../../shared/sql/prepared-query.ts';
import type { VehicleCommand } from '../adapter/answers.ts';
import { pageOf } from '../http/paging.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema, TicketRow } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';
import type { Unavailable } from './diagnostics.ts';
import { stopClock } from './sla-clock.ts';
import { standardSla } from './support-settings.ts';
import type { TicketFields } from './ticket.ts';
import type { TicketFact } from './ticket-machine.ts';
import { isOverdue, newWork, nextSlaMoment, type TicketState, type TicketWork } from './ticket-work.ts';

export interface TicketNote {
  readonly at: number;
  readonly by: string;
  readonly text: string;
}

/** What is kept as JSON: the specification's fields, the vehicle's latest commands, and what came after. */
export interface StoredFields extends TicketFields {
  readonly configurationHistory: readonly VehicleCommand[] | Unavailable;
  readonly notes: readonly TicketNote[];
}

/** A ticket as the support desk reads it. Instants are epoch milliseconds. */
export interface Ticket {
  readonly id: string;
  readonly activationId: string;
  readonly purchaseId: string | null;
  /** Whether it is over; `work.state` says where the work stands. */
  readonly status: TicketRow['status'];
  readonly openedAt: number;
  /** As promised when it was opened. */
  readonly responseDueAt: number;
  readonly closedAt: number | null;
  readonly isOverdue: boolean;
  /** Tickets of one cause share it. */
  readonly incidentId: string | null;
  readonly work: TicketWork;
  readonly version: number;
  readonly fields: StoredFields;
}

/** The lines of a ticket in the purchase's record, which is also what the webhook reads. */
export async function recordFacts(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  ticket: Pick<Ticket, 'id' | 'activationId' | 'purchaseId'>,
  facts: readonly TicketFact[],
): Promise<void> {
  const { id: ticketId, purchaseId, activationId } = ticket;
  const lines = facts.map(({ data, ...fact }) => ({
    ...{ purchaseId, activationId, ...fact },
    data: { ticketId, ...data },
  }));
  await appendRecord(transaction, ids, lines);
}

/** A ticket opened before there was any work on it: as its other columns say. */
function firstWork(row: TicketRow): TicketWork {
  const { resolutionMs } = standardSla[row.priority];
  const times = { responseMs: row.response_due_at - row.opened_at, resolutionMs };
  const work = newWork(times, row.assigned_to, row.opened_at);
  if (row.status === 'open') return work;
  const { response, resolving } = work;
  const at = row.closed_at ?? row.opened_at;
  return { ...work, state: 'closed', response: stopClock(response, at), resolving: stopClock(resolving, at) };
}

function workOf(row: TicketRow): TicketWork {
  return row.work === null ? firstWork(row) : (JSON.parse(row.work) as TicketWork);
}

/** Reason of a ticket whose activation has not failed. */
export interface TicketProblem {
  readonly code: string;
  readonly message: string;
}

interface ServiceWork {
  readonly serviceId: string;
  readonly work: TicketWork;
  /** The last error's code; null where there was none. */
  readonly code: string | null;
}

/** The work on each ticket of a vehicle that is not closed, with the service that it is about. */
export async function openWorkOf(database: Kysely<PlatformSchema>, vin: string): Promise<ServiceWork[]> {
  const rows = await database
    .selectFrom('tickets')
    .selectAll()
    .where('vin', '=', vin)
    .where('status', '=', 'open')
    .execute();
  return rows.map((row) => {
    const { lastErrorCode } = JSON.parse(row.fields) as StoredFields;
    const code = typeof lastErrorCode === 'string' ? lastErrorCode : null;
    return { serviceId: row.service_id, work: workOf(row), code };
  });
}

/** The work on the tickets of one service of a vehicle, closed ones included; the newest 100. */
export async function workOnService(
  database: Kysely<PlatformSchema>,
  vin: string,
  serviceId: string,
): Promise<TicketWork[]> {
  const rows = await database
    .selectFrom('tickets')
    .selectAll()
    .where('vin', '=', vin)
    .where('service_id', '=', serviceId)
    .orderBy('opened_at', 'desc')
    .limit(100)
    .execute();
  return rows.map(workOf);
}

function ticketOf(row: TicketRow): Ticket {
  return {
    id: row.id,
    activationId: row.activation_id,
    purchaseId: row.purchase_id,
    status: row.status,
    openedAt: row.opened_at,
    responseDueAt: row.response_due_at,
    closedAt: row.closed_at,
    isOverdue: row.overdue === 1,
    incidentId: row.incident_id,
    work: workOf(row),
    version: row.version,
    fields: JSON.parse(row.fields) as StoredFields,
  };
}

/** The work and the columns that look-ups go by. */
export function workColumns(work: TicketWork) {
  return {
    work: JSON.stringify(work),
    state: work.state,
    assigned_to: work.assignee,
    due_at: nextSlaMoment(work),
    overdue: isOverdue(work) ? 1 : 0,
  };
}

/** Saves the work with its lines in the record. Throws `StaleRow` when another process was faster. */
export async function saveWork(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  before: Ticket,
  work: TicketWork,
  facts: readonly TicketFact[],
): Promise<Ticket> {
  const closes = work.state === 'closed';
  const at = facts.at(-1)?.at ?? before.openedAt;
  const after: Ticket = {
    ...before,
    work,
    status: closes ? 'closed' : 'open',
    closedAt: closes ? (before.closedAt ?? at) : null,
    isOverdue: isOverdue(work),
    version: before.version + 1,
  };
  const result = await transaction
    .updateTable('tickets')
    .set({ ...workColumns(work), status: after.status, closed_at: after.closedAt, version: after.version })
    .where('id', '=', before.id)
    .where('version', '=', before.version)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleRow(`ticket ${before.id} was saved by another process`);
  await recordFacts(transaction, ids, before, facts);
  return after;
}

/** Saves what a ticket says, not where its work stands. Throws `StaleRow` when another process was faster. */
export async function saveFields(
  transaction: Transaction<PlatformSchema>,
  { id, version }: Ticket,
  fields: StoredFields,
): Promise<void> {
  const result = await transaction
    .updateTable('tickets')
    .set({ fields: JSON.stringify(fields), version: version + 1 })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleRow(`ticket ${id} was saved by another process`);
}

export async function ticketById(database: Kysely<PlatformSchema>, id: string): Promise<Ticket | null> {
  const row = await database.selectFrom('tickets').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? ticketOf(row) : null;
}

/** The ticket of a failed activation; a manual retry belongs to the ticket of the activation that it retries. */
export async function ticketOfActivation(
  database: Kysely<PlatformSchema>,
  activationId: string,
): Promise<Ticket | null> {
  const ofRow = (id: string) =>
    database.selectFrom('tickets').selectAll().where('activation_id', '=', id).executeTakeFirst();
  const own = await ofRow(activationId);
  if (own) return ticketOf(own);
  const activation = await database
    .selectFrom('activations')
    .select('parent_id')
    .where('id', '=', activationId)
    .where('kind', '!=', 'revocation')
    .executeTakeFirst();
  const row = activation?.parent_id ? await ofRow(activation.parent_id) : undefined;
  return row ? ticketOf(row) : null;
}

/** Tickets whose clocks have something to say by now, the longest waiting first. */
export async function dueTickets(
  database: Kysely<PlatformSchema>,
  now: number,
  limit: number,
): Promise<Ticket[]> {
  const rows = await database
    .selectFrom('tickets')
    .selectAll()
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return rows.map(ticketOf);
}

/** Returns unassigned tickets, and tickets in work of other technicians than these: HIGH first, then the oldest. */
export async function ticketsOfOthers(
  database: Kysely<PlatformSchema>,
  names: readonly string[],
  limit: number,
): Promise<Ticket[]> {
  const rows = await database
    .selectFrom('tickets')
    .selectAll()
    .where('status', '=', 'open')
    .where('state', 'in', ['open', 'assigned', 'in_progress'])
    .where((where) => where.or([where('assigned_to', 'is', null), where('assigned_to', 'not in', names)]))
    .orderBy('priority')
    .orderBy('opened_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(ticketOf);
}

const nextDue = preparedQuery((database: Kysely<PlatformSchema>) =>
  database.selectFrom('tickets').select('due_at').where('due_at', 'is not', null).orderBy('due_at').limit(1),
);

export async function nextDueTicketAt(database: Kysely<PlatformSchema>): Promise<number | null> {
  const { rows } = await nextDue(database, {});
  return rows[0]?.due_at ?? null;
}

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
