import { expect } from 'vitest';
import {
  type Activation,
  type ActivationKind,
  newActivation,
  newDeactivation,
} from '../../gateway/activation/activation.ts';
import type { ActivationEvent } from '../../gateway/activation/event.ts';
import type { Fact } from '../../gateway/activation/fact.ts';
import type { Failure } from '../../gateway/activation/failure.ts';
import { violations } from '../../gateway/activation/invariants.ts';
import type { Outcome } from '../../gateway/activation/outcome.ts';
import { type RetryPolicy, standardPolicy } from '../../gateway/activation/policy.ts';
import type { Settlement } from '../../gateway/activation/settlement.ts';
import { transition } from '../../gateway/activation/transition.ts';
import { transitionViolations } from '../../gateway/activation/transition-invariants.ts';

export const second = 1_000;
/** The request of every activation in these tests: figures below are milliseconds after it. */
export const start = 0;
export const price = 4_900;

const order = {
  id: 'act_1',
  vin: '1M8GDM9AXKP042788',
  serviceId: 'heated-seats',
  feature: 'heated_seats',
};

export function purchase(
  capture: Settlement['capture'] = 'on_delivery',
  policy: Partial<RetryPolicy> = {},
): Activation {
  return newActivation(
    { ...order, policy: { ...standardPolicy, ...policy } },
    { capture, amountMinor: price, currency: 'EUR', method: 'pm_card_visa' },
    start,
  );
}

export function switchOff(
  kind: 'deactivation' | 'revocation',
  policy: Partial<RetryPolicy> = {},
): Activation {
  return newDeactivation({ ...order, policy: { ...standardPolicy, ...policy } }, kind, start);
}

/** A new one of the kind, paid and checked where it has to be: attempt 1 may start at once. */
export function ready(kind: ActivationKind = 'activation', policy: Partial<RetryPolicy> = {}): Activation {
  if (kind !== 'activation') return switchOff(kind, policy);
  return play(purchase('on_delivery', policy), [authorised(start), checked(start)]).activation;
}

export const lostOnTheWay: Failure = {
  category: 'transient_network',
  code: 'ECONNRESET',
  message: 'the connection was reset',
  temporary: true,
  mayHaveSucceeded: true,
};
export const refusedBeforehand: Failure = {
  category: 'transient_network',
  code: 'ECONNREFUSED',
  message: 'the connection was refused',
  temporary: true,
  mayHaveSucceeded: false,
};
export const incompatible: Failure = {
  category: 'vehicle_incompatible',
  code: 'rejected',
  message: 'unsupported_hardware',
  temporary: false,
  mayHaveSucceeded: false,
};

/** 409 of the API IoT. */
export const lacksFeature: Failure = {
  ...incompatible,
  code: 'vehicle-incompatible',
  message: 'no such feature',
};

export const authorised = (at: number, holdExpiresAt: number | null = null): ActivationEvent => ({
  type: 'payment_authorised',
  at,
  paymentId: 'pay_1',
  holdExpiresAt,
});
export const checked = (at: number, failure: Failure | null = null): ActivationEvent => ({
  type: 'vehicle_checked',
  at,
  failure,
  message: failure === null ? 'online' : failure.message,
});
export const started = (at: number): ActivationEvent => ({ type: 'attempt_started', at });
export const accepted = (at: number, attempt: number, expiresAt = at + 300 * second): ActivationEvent => ({
  type: 'command_accepted',
  at,
  attempt,
  commandId: `cmd_${attempt}`,
  version: attempt,
  expiresAt,
});
export const pending = (at: number, attempt: number): ActivationEvent => ({
  type: 'command_pending',
  at,
  attempt,
  draw: 0,
});
export const applied = (at: number, attempt: number): ActivationEvent => ({
  type: 'command_applied',
  at,
  attempt,
  vehicleClock: at,
});
export const failed = (at: number, attempt: number, failure: Failure, draw = 0): ActivationEvent => ({
  type: 'command_failed',
  at,
  attempt,
  failure,
  draw,
});
export const cancelled = (at: number): ActivationEvent => ({ type: 'cancel_requested', at });
export const limited = (at: number, attempt: number, retryAt: number): ActivationEvent => ({
  type: 'rate_limited',
  at,
  attempt,
  retryAt,
});
export const postponed = (at: number, reason: 'vehicle_busy' | 'vehicle_away' = 'vehicle_busy') =>
  ({ type: 'postponed', at, reason }) satisfies ActivationEvent;
export const diagnosed = (at: number, delivered: number | null = null): ActivationEvent => ({
  type: 'diagnostics_read',
  at,
  delivered,
  diagnostics: { status: 'read' },
});
export const unanswered = (at: number, step: Settled): ActivationEvent => ({
  type: 'payment_unanswered',
  at,
  step,
  message: 'no answer',
});
export const refused = (at: number, step: Settled): ActivationEvent => ({
  type: 'payment_refused',
  at,
  step,
  code: 'card_declined',
  message: 'declined',
});
type Settled = 'authorise' | 'capture' | 'void' | 'refund';

/** One step; what may never be true of a state, or of a move, is asked each time. */
export function step(activation: Activation, event: ActivationEvent): Outcome {
  const outcome = transition(activation, event);
  const wrong = [...violations(outcome.activation), ...transitionViolations(activation, outcome.activation)];
  if (outcome.verdict !== 'accepted' && outcome.activation !== activation)
    wrong.push('a no-op made a new object');
  // Asked hundreds of thousands of times: `expect` is called only where it fails.
  if (wrong.length > 0) expect({ event, wrong }).toEqual({ event, wrong: [] });
  return outcome;
}

/** Plays the events in their order; each has to be accepted. */
export function play(
  activation: Activation,
  events: readonly ActivationEvent[],
): { activation: Activation; facts: Fact[] } {
  const facts: Fact[] = [];
  let current = activation;
  for (const event of events) {
    const outcome = step(current, event);
    if (outcome.verdict !== 'accepted') {
      throw new Error(`${event.type} at ${event.at} was ${outcome.verdict}: ${outcome.reason}`);
    }
    facts.push(...outcome.facts);
    current = outcome.activation;
  }
  return { activation: current, facts };
}

/** `450s activation.sending_command`: the record as one reads it, seconds after the request. */
export function lines(facts: readonly Fact[]): string[] {
  return facts.map((fact) => `${fact.at / second}s ${fact.type}`);
}

/** Why an event was not accepted. */
export function verdictOf(activation: Activation, event: ActivationEvent): string {
  const outcome = step(activation, event);
  return outcome.verdict === 'accepted' ? 'accepted' : `${outcome.verdict}: ${outcome.reason}`;
}

/** Fails attempts one after another with the same failure, each `tookMs` after its start, until no attempt follows. */
export function failUntilItEnds(
  activation: Activation,
  failure: Failure,
  tookMs = 0,
): { activation: Activation; facts: Fact[] } {
  const facts: Fact[] = [];
  let current = activation;
  while (current.phase === 'queued_for_activation' || current.phase === 'waiting_backoff') {
    const at = current.dueAt ?? 0;
    const number = (current.attempts.at(-1)?.number ?? 0) + 1;
    const tried = play(current, [started(at), failed(at + tookMs, number, failure)]);
    facts.push(...tried.facts);
    current = tried.activation;
  }
  return { activation: current, facts };
}

export function startsOf(activation: Activation): number[] {
  return activation.attempts.map((attempt) => attempt.startedAt / second);
}
