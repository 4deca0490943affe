import type { Transaction } from 'kysely';
import { isSale } from '../activation/activation.ts';
import { adjustmentFaults } from '../catalogue/adjustable.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { featureOwner } from '../entitlement/ownership.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import { insertSupportNotice, type SupportNotice } from '../notifications/support-notice.ts';
import { loadActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { keepLateSuccess } from './late-success.ts';
import { beginRetry, moneyRefusal } from './manual-retry.ts';
import { isOnRoster } from './roster.ts';
import type { Ticket } from './stored-ticket.ts';
import type { SupportSettings } from './support-settings.ts';
import { ticketById } from './ticket-look-ups.ts';
import { legalMoves, moves, moveTicket, type TechnicianAction, type TicketEvent } from './ticket-machine.ts';
import { saveWork } from './ticket-store.ts';
import type { Appointment, Parameters, Resolution, Team } from './ticket-work.ts';

/** What a technician asks for. */
export type DeskCommand =
  | { readonly move: 'assign'; readonly technician: string }
  | { readonly move: 'start' | 'retry' | 'keep' | 'close' }
  | { readonly move: 'comment'; readonly text: string }
  | { readonly move: 'payload'; readonly parameters: Parameters }
  | { readonly move: 'inspection'; readonly appointment: Appointment; readonly reason: string }
  | { readonly move: 'escalate'; readonly team: Team; readonly reason: string }
  | { readonly move: 'contact'; readonly message: string }
  | { readonly move: 'resolve'; readonly resolution: Resolution }
  | { readonly move: 'reopen'; readonly reason: string };

export interface DeskDeps extends EntitlementDeps {
  readonly settings: SupportSettings;
  readonly notices: NoticeSettings;
}

export type DeskAnswer =
  /** `begun` is the activation of a manual retry: wake the engine for it after the commit. */
  | { readonly kind: 'done'; readonly ticket: Ticket; readonly begun: string | null }
  | { readonly kind: 'not_found' }
  /** Nothing was changed. `reason` ends a sentence; `legal` are the moves that the ticket's state allows. */
  | { readonly kind: 'refused'; readonly reason: string; readonly legal: readonly TechnicianAction[] };

type Desk = Transaction<PlatformSchema>;

/** What the move needs beyond the table: the event, or why it cannot be now. */
type Prepared = TicketEvent | { readonly refusal: string };

async function payloadRefusal(
  transaction: Desk,
  { catalogue }: DeskDeps,
  ticket: Ticket,
  parameters: Parameters,
): Promise<string | null> {
  const { vin, serviceId } = ticket.fields;
  const vehicle = await transaction
    .selectFrom('vehicles')
    .select('model')
    .where('vin', '=', vin)
    .executeTakeFirstOrThrow();
  const configuration = catalogue.configuration(serviceId, vehicle.model);
  if (configuration === null) return `there is no template of ${serviceId} for ${vehicle.model}`;
  const faults = adjustmentFaults(configuration, parameters);
  return faults.length === 0 ? null : faults.join('; ');
}

/** The three resolutions notify the customer about payment and feature: each must be true before. */
async function resolveRefusal(
  transaction: Desk,
  ticket: Ticket,
  { kind }: Resolution,
  at: number,
): Promise<string | null> {
  const refusal = await moneyRefusal(transaction, ticket.activationId);
  if (refusal !== null || kind !== 'manual_activation') return refusal;
  const stored = await loadActivation(transaction, ticket.activationId);
  const owner = stored && (await featureOwner(transaction, stored.activation, at));
  return owner === 'entitlement' ? null : 'the service is not active on the vehicle: retry it';
}

async function prepare(
  transaction: Desk,
  deps: DeskDeps,
  ticket: Ticket,
  command: DeskCommand,
  { at, by }: { readonly at: number; readonly by: string },
): Promise<Prepared> {
  const orRefused = (refusal: string | null, event: TicketEvent): Prepared =>
    refusal === null ? event : { refusal };
  switch (command.move) {
    case 'assign': {
      const known = isOnRoster(deps.settings.roster, command.technician);
      const event = { type: 'assign', at, by, technician: command.technician } as const;
      return orRefused(known ? null : `the roster has no technician called ${command.technician}`, event);
    }
    case 'retry': {
      const begun = await beginRetry(transaction, deps, ticket, by, at);
      return 'refusal' in begun ? begun : { type: 'retry', at, by, ...begun };
    }
    case 'payload': {
      const { parameters } = command;
      const refusal = await payloadRefusal(transaction, deps, ticket, parameters);
      return orRefused(refusal, { type: 'payload', at, by, parameters });
    }
    case 'contact':
      return orRefused(ticket.purchaseId === null ? 'no purchase names a customer' : null, {
        type: 'contact',
        at,
        by,
        message: command.message,
      });
    case 'resolve': {
      const { resolution } = command;
      const refusal = await resolveRefusal(transaction, ticket, resolution, at);
      return orRefused(refusal, { type: 'resolve', at, by, resolution });
    }
    case 'keep':
      return orRefused(await keepLateSuccess(transaction, deps, ticket, at), { type: 'keep', at, by });
    case 'reopen': {
      const times = deps.settings.sla[ticket.fields.priority];
      return { type: 'reopen', at, by, reason: command.reason, times };
    }
    case 'comment':
      return { type: 'comment', at, by, text: command.text };
    case 'inspection':
      return { type: 'inspection', at, by, appointment: command.appointment, reason: command.reason };
    case 'escalate':
      return { type: 'escalate', at, by, team: command.team, reason: command.reason };
    case 'start':
    case 'close':
      return { type: command.move, at, by };
  }
}

/** Returns the notification of an action, or null. One appointment makes one notification, even if it is arranged again. */
export function noticeOf(ticket: Ticket, event: TicketEvent): SupportNotice | null {
  const { at } = event;
  const told = { at, ticketId: ticket.id, occasion: `v${ticket.version}` };
  const visit = ({ workshop, at: appointmentAt }: Appointment): SupportNotice => ({
    ...told,
    kind: 'support_workshop_visit',
    occasion: `${appointmentAt} ${workshop}`,
    workshop,
    appointmentAt,
  });
  switch (event.type) {
    case 'contact':
      return { ...told, kind: 'support_question', message: event.message };
    case 'inspection':
      return visit(event.appointment);
    case 'resolve':
      if (event.resolution.kind === 'service_appointment') return visit(event.resolution.appointment);
      if (event.resolution.kind === 'bug_report')
        return { ...told, kind: 'support_workaround', message: event.resolution.workaround };
      return { ...told, kind: 'support_service_active' };
    case 'keep':
    case 'retry_delivered':
      return { ...told, kind: 'support_service_active' };
    default:
      return null;
  }
}

/** Moves the ticket, writes its lines in the record and tells the customer, in one transaction. A refused move changes nothing. */
export async function applyToTicket(
  transaction: Desk,
  deps: Pick<DeskDeps, 'ids' | 'notices'>,
  ticket: Ticket,
  event: TicketEvent,
): Promise<Ticket | null> {
  const outcome = moveTicket(ticket.work, event);
  if (outcome.verdict === 'refused') return null;
  const saved = await saveWork(transaction, deps.ids, ticket, outcome.work, outcome.facts);
  const notice = noticeOf(saved, event);
  // Deactivations and reactivations do not notify the customer, unless a technician asks a question.
  const isTold =
    notice !== null && (notice.kind === 'support_question' || (await isOfSale(transaction, ticket)));
  if (isTold)
    await insertSupportNotice(
      transaction,
      { ids: deps.ids, settings: deps.notices },
      ticket.activationId,
      notice,
    );
  return saved;
}

async function isOfSale(transaction: Desk, ticket: Ticket): Promise<boolean> {
  const stored = await loadActivation(transaction, ticket.activationId);
  return stored !== null && isSale(stored.activation);
}

/** Runs a technician's command on a ticket. `by` is the technician's name. */
export async function runDeskCommand(
  transaction: Desk,
  deps: DeskDeps,
  id: string,
  command: DeskCommand,
  who: { readonly at: number; readonly by: string },
): Promise<DeskAnswer> {
  const ticket = await ticketById(transaction, id);
  if (ticket === null) return { kind: 'not_found' };
  const { state } = ticket.work;
  const legal = legalMoves(state);
  if (moves[state][command.move] === null)
    return { kind: 'refused', reason: `a ticket that is ${state} has no ${command.move}`, legal };
  const prepared = await prepare(transaction, deps, ticket, command, who);
  if ('refusal' in prepared) return { kind: 'refused', reason: prepared.refusal, legal };
  const saved = await applyToTicket(transaction, deps, ticket, prepared);
  if (saved === null) throw new Error(`${command.move} was refused in ${state} though the table allows it`);
  return { kind: 'done', ticket: saved, begun: prepared.type === 'retry' ? prepared.activationId : null };
}
