import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Activation } from '../activation/activation.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { Diagnostics } from './diagnostics.ts';
import { ticketFields } from './ticket.ts';
import { type StoredFields, type TicketNote, ticketRecord } from './ticket-store.ts';

export interface SupportSettings {
  /** The SLA: how long after its opening a ticket is to be answered. */
  readonly responseMs: number;
  /** Technicians on duty, each in turn; when it is empty a ticket is assigned to nobody. */
  readonly roster: readonly string[];
}

interface DeskDeps {
  readonly ids: Ids;
}

type Desk = Transaction<PlatformSchema>;

/** The most commands of the vehicle's history that a ticket keeps. */
const historyMax = 20;
/** The most notes that a ticket keeps, and their length; later ones are refused. */
const notesMax = 200;
const noteLengthMax = 2_000;

function readOrder(transaction: Desk, activationId: string) {
  return transaction
    .selectFrom('activations')
    .leftJoin('purchases', 'purchases.id', 'activations.purchase_id')
    .leftJoin('vehicles', 'vehicles.vin', 'activations.vin')
    .leftJoin('customers', (join) =>
      join.on('customers.id', '=', (on) => on.fn.coalesce('purchases.customer_id', 'vehicles.customer_id')),
    )
    .where('activations.id', '=', activationId)
    .select([
      'activations.purchase_id as purchaseId',
      'customers.id as customerId',
      'customers.email as customerEmail',
      'purchases.service_name as serviceName',
      'purchases.pre_delivery as preDelivery',
    ])
    .executeTakeFirstOrThrow();
}

/** Each technician in turn: after the one who has the newest ticket. Identifiers rise with time, so this is one look at a key. */
async function nextTechnician(transaction: Desk, roster: readonly string[]): Promise<string | null> {
  if (roster.length === 0) return null;
  const newest = await transaction
    .selectFrom('tickets')
    .select('assigned_to')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const position = newest?.assigned_to == null ? -1 : roster.indexOf(newest.assigned_to);
  return roster[(position + 1) % roster.length] ?? null;
}

/**
 * Opens the ticket of an activation that failed, in the transaction that saves the failure, with all that is known then.
 * One activation has one ticket: a second call returns the first one and changes nothing. A deactivation that failed gets
 * one too, MEDIUM, because no money belongs to it.
 */
export async function openTicket(
  transaction: Desk,
  deps: DeskDeps & { readonly settings: SupportSettings },
  activation: Activation,
  diagnostics: Diagnostics,
  at: number,
): Promise<{ readonly id: string; readonly opened: boolean }> {
  const { ids, settings } = deps;
  const existing = await transaction
    .selectFrom('tickets')
    .select('id')
    .where('activation_id', '=', activation.id)
    .executeTakeFirst();
  if (existing) return { id: existing.id, opened: false };
  const order = await readOrder(transaction, activation.id);
  const assignedTo = await nextTechnician(transaction, settings.roster);
  const id = ids.next('tkt');
  const responseDueAt = at + settings.responseMs;
  const fields = ticketFields(
    id,
    activation,
    { ...order, preDelivery: order.preDelivery === 1 },
    diagnostics,
  );
  const { history } = diagnostics;
  const stored: StoredFields = {
    ...fields,
    configurationHistory: 'unavailable' in history ? history : history.slice(0, historyMax),
    notes: [],
  };
  await transaction
    .insertInto('tickets')
    .values({
      id,
      activation_id: activation.id,
      purchase_id: order.purchaseId,
      vin: activation.vin,
      customer_id: order.customerId,
      service_id: activation.serviceId,
      priority: fields.priority,
      status: 'open',
      assigned_to: assignedTo,
      opened_at: at,
      response_due_at: responseDueAt,
      closed_at: null,
      fields: JSON.stringify(stored),
    })
    .execute();
  const ticket = { id, activation_id: activation.id, purchase_id: order.purchaseId };
  await ticketRecord(transaction, ids, ticket, at, 'ticket.opened', 'engine', {
    priority: fields.priority,
    assignedTo,
    responseDueAt,
  });
  return { id, opened: true };
}

/** Adds a line to the activation's ticket, in the order of events. False when there is no ticket or it is full. */
export async function noteOnTicket(
  transaction: Desk,
  deps: DeskDeps,
  activationId: string,
  text: string,
  at: number,
  by = 'engine',
): Promise<boolean> {
  const ticket = await transaction
    .selectFrom('tickets')
    .select(['id', 'activation_id', 'purchase_id', 'fields'])
    .where('activation_id', '=', activationId)
    .executeTakeFirst();
  if (!ticket) return false;
  const stored = JSON.parse(ticket.fields) as StoredFields;
  if (stored.notes.length >= notesMax) return false;
  const note: TicketNote = { at, by, text: text.slice(0, noteLengthMax) };
  await transaction
    .updateTable('tickets')
    .set({ fields: JSON.stringify({ ...stored, notes: [...stored.notes, note] }) })
    .where('id', '=', ticket.id)
    .execute();
  await ticketRecord(transaction, deps.ids, ticket, at, 'ticket.noted', by, { text: note.text });
  return true;
}

/** Ends a ticket. `by` is the technician's name. */
export async function closeTicket(
  transaction: Desk,
  deps: DeskDeps,
  id: string,
  by: string,
  at: number,
): Promise<'closed' | 'already_closed' | 'not_found'> {
  const ticket = await transaction
    .selectFrom('tickets')
    .select(['id', 'activation_id', 'purchase_id', 'status'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!ticket) return 'not_found';
  const result = await transaction
    .updateTable('tickets')
    .set({ status: 'closed', closed_at: at })
    .where('id', '=', id)
    .where('status', '=', 'open')
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return 'already_closed';
  await ticketRecord(transaction, deps.ids, ticket, at, 'ticket.closed', `support:${by}`, {});
  return 'closed';
}
