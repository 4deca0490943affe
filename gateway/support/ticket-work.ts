import { nextMoment, type SlaClock, startClock } from './sla-clock.ts';
import type { TicketPriority } from './ticket.ts';

/** Where the work on a ticket stands. */
export const ticketStates = [
  /** Unassigned: no technician was on duty. */
  'open',
  'assigned',
  'in_progress',
  'waiting_for_customer',
  'waiting_for_workshop',
  'waiting_for_team',
  /** A manual retry is under way. */
  'waiting_for_activation',
  'resolved',
  'closed',
] as const;
export type TicketState = (typeof ticketStates)[number];

export type Team = 'api_iot' | 'development';

export interface Appointment {
  readonly workshop: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What of the configuration a technician has changed for the next retry. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** The specification's three ends. */
export type Resolution =
  /** `activationId` is the retry that delivered; null: the customer keeps a late success, or has the feature otherwise. */
  | { readonly kind: 'manual_activation'; readonly activationId: string | null }
  | { readonly kind: 'service_appointment'; readonly appointment: Appointment }
  /** `reference` is the bug's number at development, `workaround` is the text for the customer. */
  | { readonly kind: 'bug_report'; readonly reference: string; readonly workaround: string };

/** Plain data, saved as JSON: the whole state of the work on one ticket. */
export interface TicketWork {
  readonly state: TicketState;
  readonly assignee: string | null;
  /** Until a technician has taken it up. */
  readonly response: SlaClock;
  /** Until it is resolved; held while the customer's answer is waited for. */
  readonly resolving: SlaClock;
  /** The retry that is under way. */
  readonly retryId: string | null;
  readonly parameters: Parameters | null;
  readonly appointment: Appointment | null;
  readonly team: Team | null;
  readonly resolution: Resolution | null;
}

/** How long a ticket of one priority may take, in milliseconds. */
export interface SlaTimes {
  readonly responseMs: number;
  readonly resolutionMs: number;
}
export type Sla = Readonly<Record<TicketPriority, SlaTimes>>;

export function newWork(times: SlaTimes, assignee: string | null, at: number): TicketWork {
  return {
    state: assignee === null ? 'open' : 'assigned',
    assignee,
    response: startClock(times.responseMs, at),
    resolving: startClock(times.resolutionMs, at),
    retryId: null,
    parameters: null,
    appointment: null,
    team: null,
    resolution: null,
  };
}

/** When the ticket's clocks next have something to say, or null. */
export function nextSlaMoment({ response, resolving }: TicketWork): number | null {
  const moments = [nextMoment(response), nextMoment(resolving)].filter((at) => at !== null);
  return moments.length === 0 ? null : Math.min(...moments);
}

/** Late, and still not done. */
export function isOverdue({ response, resolving }: TicketWork): boolean {
  return [response, resolving].some((clock) => clock.breachedAt !== null && clock.metAt === null);
}

/**
 * Whether reconciliation must leave the feature alone: a technician works on the ticket, or has resolved it with a reason
 * why the feature cannot be active yet. An appointment counts until its time, a bug until the ticket is closed, both only
 * for services that the customer owned then. A feature that was active meanwhile is a new loss. `ownedSince`: start of the
 * current ownership.
 */
export function isInHand(
  { state, resolution, resolving }: TicketWork,
  ownedSince: number,
  at: number,
): boolean {
  if (state !== 'resolved') return state !== 'closed';
  switch (resolution?.kind) {
    case 'service_appointment':
      return at < resolution.appointment.at;
    case 'bug_report':
      return ownedSince <= (resolving.metAt ?? at);
    case 'manual_activation':
    case undefined:
      return false;
  }
}
