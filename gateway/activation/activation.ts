import type { Failure } from './failure.ts';
import type { Phase } from './phase.ts';
import { backoffMs, type RetryPolicy } from './policy.ts';
import { newSettlement, type PaymentOrder, type Settlement } from './settlement.ts';

/**
 * One process that switches one feature of one vehicle. `activation`: switches a purchased service on. `deactivation`:
 * switches it off. `revocation`: follows a failed activation that the vehicle may have applied, until the vehicle reports
 * dormant.
 */
export type ActivationKind = 'activation' | 'deactivation' | 'revocation';

/** Plain data, saved as JSON. Invariants: attempts are numbered 1, 2, 3 … and only the last may be open; `invariants.ts` checks them. */
export interface Activation {
  readonly id: string;
  readonly kind: ActivationKind;
  readonly vin: string;
  readonly serviceId: string;
  readonly feature: string;
  readonly policy: RetryPolicy;
  readonly requestedAt: number;
  /** No attempt starts after it. */
  readonly deadlineAt: number | null;
  readonly phase: Phase;
  /** When the phase asks for work; null: nothing until an event comes. */
  readonly dueAt: number | null;
  /** Health and status were read, or could not be, before attempt 1. */
  readonly vehicleChecked: boolean;
  /** Postponements in a row since the last attempt. */
  readonly postponed: number;
  /** 429s in a row for the attempt that is to be made. */
  readonly rateLimits?: number;
  /** The last 20 of a revocation, all of the others. */
  readonly attempts: readonly Attempt[];
  readonly failure: Failure | null;
  readonly delivery: Delivery | null;
  /** An enabling command of this failed activation may have been applied, so a revocation was recorded. */
  readonly revocationOwed: boolean;
  /** When the vehicle said applied after all was decided. */
  readonly lateSuccessAt: number | null;
  /** Null where no money is involved. */
  readonly settlement: Settlement | null;
  /** When the customer asked to cancel it. A delivery may still have won. */
  readonly cancelRequestedAt?: number;
  /**
   * Origin of an activation that no customer pays for. `support`: a technician's manual retry of a failed one, for its
   * ticket. `reconciliation`: the customer owns the feature, and the vehicle reported it dormant.
   */
  readonly origin?: 'support' | 'reconciliation';
  /** What a technician changed of the template's parameters. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

export interface Attempt {
  readonly number: number;
  readonly startedAt: number;
  /** Null until the API IoT accepted it; then with the version of the desired state, null where the API IoT has none. */
  readonly commandId: string | null;
  readonly version: number | null;
  readonly expiresAt: number | null;
  readonly endedAt: number | null;
  readonly failure: Failure | null;
}

/**
 * The proof that the vehicle did it: a result of its own, correlated with an attempt, or its reported state at that version. Or, for
 * a renewal, that the customer owned the feature already: then nothing was sent.
 */
export interface Delivery {
  readonly at: number;
  /** Null for a renewal. */
  readonly attempt: number | null;
  readonly evidence: 'result' | 'reported_state' | 'entitlement';
  /** The vehicle's clock in its result. */
  readonly vehicleClock: number | null;
}

export type Order = Pick<Activation, 'id' | 'vin' | 'serviceId' | 'feature' | 'policy'>;

const untouched = {
  vehicleChecked: false,
  postponed: 0,
  attempts: [],
  failure: null,
  delivery: null,
  revocationOwed: false,
  lateSuccessAt: null,
} as const;

/** An attempt of which nothing is known yet. */
export const unmade = {
  commandId: null,
  version: null,
  expiresAt: null,
  endedAt: null,
  failure: null,
} as const;

/** A purchase: waits for its authorisation. */
export function newActivation(order: Order, payment: PaymentOrder, at: number): Activation {
  return {
    ...order,
    ...untouched,
    kind: 'activation',
    requestedAt: at,
    deadlineAt: order.policy.deadlineMs === null ? null : at + order.policy.deadlineMs,
    phase: 'awaiting_payment',
    dueAt: null,
    settlement: newSettlement(payment, at),
  };
}

/** A deactivation or a revocation: no money, starts at once. A revocation has no deadline: an obligation does not lapse. */
export function newDeactivation(order: Order, kind: 'deactivation' | 'revocation', at: number): Activation {
  return {
    ...order,
    ...untouched,
    kind,
    requestedAt: at,
    deadlineAt:
      kind === 'revocation' || order.policy.deadlineMs === null ? null : at + order.policy.deadlineMs,
    phase: 'queued_for_activation',
    dueAt: at,
    settlement: null,
  };
}

/** A technician tries once more what failed: no money, starts at once, with a deadline and attempts of its own. */
export function newManualRetry(
  order: Order & Pick<Activation, 'parameters'>,
  kind: 'activation' | 'deactivation',
  at: number,
): Activation {
  return { ...newDeactivation(order, 'deactivation', at), kind, origin: 'support' };
}

export function targetOf(kind: ActivationKind): 'active' | 'dormant' {
  return kind === 'activation' ? 'active' : 'dormant';
}

/** The customer owns it, and the vehicle has lost it: no money, starts at once, with attempts and a deadline as a purchase has. */
export function newReactivation(order: Order, at: number): Activation {
  return { ...newDeactivation(order, 'deactivation', at), kind: 'activation', origin: 'reconciliation' };
}

/** Whether no customer waits for it: it is sent only to a connected vehicle, and leaves quota for commands that customers wait for. */
export function isBackground({ kind, origin }: Pick<Activation, 'kind' | 'origin'>): boolean {
  return kind !== 'activation' || origin === 'reconciliation';
}

/** Whether a customer bought it. */
export function isSale({ kind, origin }: Pick<Activation, 'kind' | 'origin'>): boolean {
  return kind === 'activation' && origin === undefined;
}

export function lastAttempt(activation: Activation): Attempt | null {
  return activation.attempts.at(-1) ?? null;
}

/** Returns the next attempt number: one above the last kept attempt (a revocation keeps its last 20). */
export function nextAttemptNumber(activation: Activation): number {
  return (lastAttempt(activation)?.number ?? 0) + 1;
}

/**
 * The attempt that a result names though it is not listed, or null when it cannot have been made: 429 took it back while
 * another worker's send of the same key was accepted. When it was sent is not known any more: not after `at` or the deadline.
 */
export function takenBackAttempt(activation: Activation, number: number, at: number): Attempt | null {
  const { deadlineAt, kind, policy, requestedAt, vehicleChecked } = activation;
  const last = lastAttempt(activation);
  const limit = kind === 'revocation' || policy.maxRetries === null ? Infinity : policy.maxRetries + 1;
  if (number !== nextAttemptNumber(activation) || number > limit || last?.endedAt === null) return null;
  if (kind === 'activation' && !vehicleChecked) return null;
  const startedAt = Math.min(at, deadlineAt ?? at);
  const earliest = last === null ? requestedAt : last.endedAt + backoffMs(policy, last.number - 1, 0);
  if (startedAt < earliest) return null;
  return { ...unmade, number, startedAt };
}

/** The vehicle may have applied one of the commands, or may still. */
export function mayHaveApplied(activation: Activation): boolean {
  return activation.attempts.some((attempt) => attempt.failure === null || attempt.failure.mayHaveSucceeded);
}

/** The moment at which something is to be done if nothing arrives before, or null. */
export function nextDueAt(activation: Activation): number | null {
  const moments = [activation.dueAt, activation.settlement?.dueAt ?? null].filter((at) => at !== null);
  return moments.length === 0 ? null : Math.min(...moments);
}
