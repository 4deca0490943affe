import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Activation } from '../activation/activation.ts';
import { openIncidentOf } from '../store/incidents.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { pickTechnician } from './assignment.ts';
import { applyToTicket, type DeskDeps as CommandDeps } from './desk-command.ts';
import type { Diagnostics } from './diagnostics.ts';
import { causeOf, incidentOf } from './incident.ts';
import type { StoredFields, TicketNote } from './stored-ticket.ts';
import type { SupportSettings } from './support-settings.ts';
import { type OpenedTicket, ticketFields } from './ticket.ts';
import { ticketOfActivation } from './ticket-look-ups.ts';
import { moveTicket } from './ticket-machine.ts';
import { recordFacts, saveFields, saveWork, type TicketProblem, workColumns } from './ticket-store.ts';
import { newWork } from './ticket-work.ts';

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
      join.on('customers.id', '=', (on) =>
        on.fn.coalesce(
          on
            .case()
            .when('purchases.activation_id', '=', activationId)
            .then(on.ref('purchases.customer_id'))
            .else(on.fn.coalesce('purchases.holder_id', 'purchases.customer_id'))
            .end(),
          'vehicles.customer_id',
        ),
      ),
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

/**
 * Opens the ticket of a failed activation, in the transaction that saves the failure, with its diagnostics. One activation
 * has one ticket: a second call returns the first one and changes nothing. A deactivation that failed gets one too, MEDIUM,
 * because no money belongs to it. `problem` is the ticket's reason if the activation itself did not fail.
 */
export async function openTicket(
  transaction: Desk,
  deps: DeskDeps & { readonly settings: SupportSettings },
  activation: Activation,
  diagnostics: Diagnostics,
  at: number,
  problem?: TicketProblem,
): Promise<OpenedTicket> {
  const { ids, settings } = deps;
  if (activation.origin === 'support') return retryFailed(transaction, deps, activation, at);
  const existing = await transaction
    .selectFrom('tickets')
    .select(['id', 'priority'])
    .where('activation_id', '=', activation.id)
    .executeTakeFirst();
  if (existing) return { ...existing, opened: false };
  const order = await readOrder(transaction, activation.id);
  const assignedTo = await pickTechnician(transaction, settings.roster, at);
  const cause = causeOf(activation);
  // It waited in vain for the whole fleet's incident to end.
  const fleet =
    activation.failure?.category === 'deadline_exceeded' ? await openIncidentOf(transaction) : null;
  const incidentId = fleet?.id ?? (await incidentOf(transaction, ids, cause, at - settings.incidentWindowMs));
  const id = ids.next('tkt');
  const fields = ticketFields(
    id,
    activation,
    { ...order, preDelivery: order.preDelivery === 1 },
    diagnostics,
  );
  const work = newWork(settings.sla[fields.priority], assignedTo, at);
  const responseDueAt = at + settings.sla[fields.priority].responseMs;
  const { history } = diagnostics;
  const stored: StoredFields = {
    ...fields,
    ...(problem === undefined ? {} : { lastErrorCode: problem.code, lastErrorMessage: problem.message }),
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
      opened_at: at,
      response_due_at: responseDueAt,
      closed_at: null,
      fields: JSON.stringify(stored),
      ...workColumns(work),
      cause,
      incident_id: incidentId,
    })
    .execute();
  const ticket = { id, activationId: activation.id, purchaseId: order.purchaseId };
  const data = {
    priority: fields.priority,
    assignedTo,
    responseDueAt,
    ...(incidentId === null ? {} : { incidentId }),
    ...(problem === undefined ? {} : { problem: problem.code }),
  };
  await recordFacts(transaction, ids, ticket, [{ type: 'ticket.opened', at, actor: 'engine', data }]);
  return { id, priority: fields.priority, opened: true };
}

/** A failed manual retry makes no ticket of its own: the existing one stays open. */
async function retryFailed(
  transaction: Desk,
  { ids }: DeskDeps,
  activation: Activation,
  at: number,
): Promise<OpenedTicket> {
  const ticket = await ticketOfActivation(transaction, activation.id);
  if (!ticket) throw new Error(`the manual retry ${activation.id} has no ticket`);
  const reason = activation.failure?.message ?? 'what was bought has ended meanwhile';
  const activationId = activation.id;
  const outcome = moveTicket(ticket.work, { type: 'retry_failed', at, by: 'engine', activationId, reason });
  if (outcome.verdict === 'accepted') await saveWork(transaction, ids, ticket, outcome.work, outcome.facts);
  return { id: ticket.id, priority: ticket.fields.priority, opened: false };
}

/** Resolves the ticket of a manual retry that has delivered, and notifies the customer. */
export async function resolveByRetry(
  transaction: Desk,
  deps: Pick<CommandDeps, 'ids' | 'notices'>,
  activation: Pick<Activation, 'id'>,
  at: number,
): Promise<void> {
  const ticket = await ticketOfActivation(transaction, activation.id);
  if (!ticket) throw new Error(`the manual retry ${activation.id} has no ticket`);
  const activationId = activation.id;
  await applyToTicket(transaction, deps, ticket, { type: 'retry_delivered', at, by: 'engine', activationId });
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
  const ticket = await ticketOfActivation(transaction, activationId);
  if (!ticket || ticket.fields.notes.length >= notesMax) return false;
  const note: TicketNote = { at, by, text: text.slice(0, noteLengthMax) };
  const fields: StoredFields = { ...ticket.fields, notes: [...ticket.fields.notes, note] };
  await saveFields(transaction, ticket, fields);
  const fact = { type: 'ticket.noted', at, actor: by, data: { text: note.text } } as const;
  await recordFacts(transaction, deps.ids, ticket, [fact]);
  return true;
}
