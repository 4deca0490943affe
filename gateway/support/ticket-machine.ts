import { holdClock, readClock, resumeClock, type SlaClock, startClock, stopClock } from './sla-clock.ts';
import type {
  Appointment,
  Parameters,
  Resolution,
  SlaTimes,
  Team,
  TicketState,
  TicketWork,
} from './ticket-work.ts';

/** What can happen to a ticket. Time and ids arrive inside. `by` is a technician's name, or `engine`. */
export type TicketEvent = { readonly at: number; readonly by: string } & (
  | { readonly type: 'assign'; readonly technician: string }
  /** Begins or continues the work: a technician who starts an unassigned ticket gets it. */
  | { readonly type: 'start' }
  | { readonly type: 'comment'; readonly text: string }
  | { readonly type: 'retry'; readonly activationId: string }
  | { readonly type: 'payload'; readonly parameters: Parameters }
  | { readonly type: 'inspection'; readonly appointment: Appointment; readonly reason: string }
  | { readonly type: 'escalate'; readonly team: Team; readonly reason: string }
  | { readonly type: 'contact'; readonly message: string }
  | { readonly type: 'resolve'; readonly resolution: Resolution }
  /** The customer keeps what the vehicle applied too late. */
  | { readonly type: 'keep' }
  | { readonly type: 'close' }
  | { readonly type: 'reopen'; readonly reason: string; readonly times: SlaTimes }
  /** The shift of the ticket's technician has ended. */
  | { readonly type: 'hand_over'; readonly technician: string }
  | { readonly type: 'retry_delivered'; readonly activationId: string }
  | { readonly type: 'retry_failed'; readonly activationId: string; readonly reason: string }
);
export type TicketEventType = TicketEvent['type'];

/** What technicians may ask for; the rest comes from the engine. */
export const technicianActions = [
  'assign',
  'start',
  'comment',
  'retry',
  'payload',
  'inspection',
  'escalate',
  'contact',
  'resolve',
  'keep',
  'close',
  'reopen',
] as const satisfies readonly TicketEventType[];
export type TechnicianAction = (typeof technicianActions)[number];

/** Something that became true of a ticket: a line of the record, which is also the outbox of the webhook. */
export interface TicketFact {
  readonly type:
    | (typeof factTypes)[TicketEventType]
    | 'ticket.opened'
    | 'ticket.noted'
    | 'ticket.sla_warning'
    | 'ticket.sla_breached';
  readonly at: number;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type TicketOutcome =
  | { readonly verdict: 'accepted'; readonly work: TicketWork; readonly facts: readonly TicketFact[] }
  | { readonly verdict: 'refused'; readonly legal: readonly TechnicianAction[] };

type Row = Readonly<Record<TicketEventType, TicketState | null>>;

const nothing: Row = {
  assign: null,
  start: null,
  comment: null,
  retry: null,
  payload: null,
  inspection: null,
  escalate: null,
  contact: null,
  resolve: null,
  keep: null,
  close: null,
  reopen: null,
  hand_over: null,
  retry_delivered: null,
  retry_failed: null,
};

/** The work waits for an answer; `start` continues it. */
const waiting = (state: TicketState): Row => ({
  ...nothing,
  assign: state,
  comment: state,
  start: 'in_progress',
  resolve: 'resolved',
});

/** State × event, total: where it leads, or null for a move that is not allowed. */
export const moves: { readonly [State in TicketState]: Row } = {
  open: { ...nothing, assign: 'assigned', comment: 'open', start: 'in_progress', hand_over: 'assigned' },
  assigned: {
    ...nothing,
    assign: 'assigned',
    comment: 'assigned',
    start: 'in_progress',
    contact: 'waiting_for_customer',
    hand_over: 'assigned',
  },
  in_progress: {
    ...nothing,
    assign: 'in_progress',
    comment: 'in_progress',
    retry: 'waiting_for_activation',
    payload: 'in_progress',
    inspection: 'waiting_for_workshop',
    escalate: 'waiting_for_team',
    contact: 'waiting_for_customer',
    resolve: 'resolved',
    keep: 'resolved',
    hand_over: 'in_progress',
  },
  waiting_for_customer: waiting('waiting_for_customer'),
  waiting_for_workshop: waiting('waiting_for_workshop'),
  waiting_for_team: waiting('waiting_for_team'),
  waiting_for_activation: {
    ...nothing,
    assign: 'waiting_for_activation',
    comment: 'waiting_for_activation',
    retry_delivered: 'resolved',
    retry_failed: 'in_progress',
  },
  resolved: { ...nothing, comment: 'resolved', close: 'closed', reopen: 'assigned' },
  closed: { ...nothing, reopen: 'assigned' },
};

const factTypes = {
  assign: 'ticket.assigned',
  start: 'ticket.started',
  comment: 'ticket.commented',
  retry: 'ticket.retry_started',
  payload: 'ticket.payload_changed',
  inspection: 'ticket.inspection_scheduled',
  escalate: 'ticket.escalated',
  contact: 'ticket.customer_contacted',
  resolve: 'ticket.resolved',
  keep: 'ticket.resolved',
  close: 'ticket.closed',
  reopen: 'ticket.reopened',
  hand_over: 'ticket.handed_over',
  retry_delivered: 'ticket.resolved',
  retry_failed: 'ticket.retry_failed',
} as const satisfies Readonly<Record<TicketEventType, `ticket.${string}`>>;

export function legalMoves(state: TicketState): TechnicianAction[] {
  return technicianActions.filter((move) => moves[state][move] !== null);
}

export function actorOf(by: string): string {
  return by === 'engine' ? by : `support:${by}`;
}

/** What the event itself changes, beside state and clocks. */
function changed(work: TicketWork, event: TicketEvent): TicketWork {
  switch (event.type) {
    case 'assign':
    case 'hand_over':
      return { ...work, assignee: event.technician };
    case 'start':
      return { ...work, assignee: work.assignee ?? event.by };
    case 'retry':
      return { ...work, retryId: event.activationId };
    case 'payload':
      return { ...work, parameters: event.parameters };
    case 'inspection':
      return { ...work, appointment: event.appointment };
    case 'escalate':
      return { ...work, team: event.team };
    case 'resolve':
      return { ...work, resolution: event.resolution };
    case 'keep':
      return { ...work, resolution: { kind: 'manual_activation', activationId: null } };
    case 'retry_delivered':
      return {
        ...work,
        retryId: null,
        resolution: { kind: 'manual_activation', activationId: event.activationId },
      };
    case 'retry_failed':
      return { ...work, retryId: null };
    case 'reopen':
      return { ...work, resolution: null, resolving: startClock(event.times.resolutionMs, event.at) };
    case 'comment':
    case 'contact':
    case 'close':
      return work;
  }
}

const untouched: ReadonlySet<TicketState> = new Set(['open', 'assigned']);

/** The clocks in the new state. */
function clocksIn(
  work: TicketWork,
  state: TicketState,
  at: number,
): Pick<TicketWork, 'response' | 'resolving'> {
  const taken = !untouched.has(state);
  const response = taken ? stopClock(work.response, at) : work.response;
  if (state === 'resolved' || state === 'closed')
    return { response, resolving: stopClock(work.resolving, at) };
  const keep = state === 'waiting_for_customer' ? holdClock : resumeClock;
  return { response, resolving: keep(work.resolving, at) };
}

function factOf(before: TicketWork, after: TicketWork, event: TicketEvent): TicketFact {
  const { type, at, by, ...data } = event;
  if (type === 'reopen') delete (data as { times?: unknown }).times;
  const ends = factTypes[type] === 'ticket.resolved';
  return {
    type: factTypes[type],
    at,
    actor: actorOf(by),
    data: {
      ...data,
      ...(type === 'hand_over' ? { from: before.assignee } : {}),
      ...(ends ? { resolution: after.resolution } : {}),
      ...(type === 'keep' ? { kept: true } : {}),
      state: after.state,
    },
  };
}

/** The only place where the work on a ticket changes. Pure and total; a move that is not allowed names those that are. */
export function moveTicket(work: TicketWork, event: TicketEvent): TicketOutcome {
  const state = moves[work.state][event.type];
  if (state === null) return { verdict: 'refused', legal: legalMoves(work.state) };
  const next = { ...changed(work, event), state };
  const after = { ...next, ...clocksIn(next, state, event.at) };
  return { verdict: 'accepted', work: after, facts: [factOf(work, after, event)] };
}

/** What the clocks say by now: warnings and breaches, each once. */
export function checkSla(
  work: TicketWork,
  at: number,
): { readonly work: TicketWork; readonly facts: readonly TicketFact[] } {
  const facts: TicketFact[] = [];
  const read = (name: 'response' | 'resolution', before: SlaClock): SlaClock => {
    const { clock, said } = readClock(before, at);
    for (const one of said) {
      const type = one === 'warning' ? 'ticket.sla_warning' : 'ticket.sla_breached';
      facts.push({
        type,
        at,
        actor: 'engine',
        data: { clock: name, dueAt: before.dueAt, assignedTo: work.assignee },
      });
    }
    return clock;
  };
  const response = read('response', work.response);
  const resolving = read('resolution', work.resolving);
  return facts.length === 0 ? { work, facts } : { work: { ...work, response, resolving }, facts };
}
