import type { Kysely } from 'kysely';
import { preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type StoredFields, type Ticket, ticketOf, workOf } from './stored-ticket.ts';
import type { TicketWork } from './ticket-work.ts';

interface ServiceWork {
  readonly serviceId: string;
  readonly work: TicketWork;
  /** The last error's code; null where there was none. */
  readonly code: string | null;
}

const openOfVehicle = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ vin: string }>) =>
  database.selectFrom('tickets').selectAll().where('vin', '=', value('vin')).where('status', '=', 'open'),
);

/** The work on each ticket of a vehicle that is not closed, with the service that it is about. */
export async function openWorkOf(database: Kysely<PlatformSchema>, vin: string): Promise<ServiceWork[]> {
  const { rows } = await openOfVehicle(database, { vin });
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

const byId = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ id: string }>) =>
  database.selectFrom('tickets').selectAll().where('id', '=', value('id')),
);

export async function ticketById(database: Kysely<PlatformSchema>, id: string): Promise<Ticket | null> {
  const [row] = (await byId(database, { id })).rows;
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
