import type { Milestone } from './phase.ts';

/**
 * Result of a transition. Facts are saved with the new state in one transaction; the purchase history, the notifications,
 * the ticket, the entitlement and the revocation follow from them.
 */
export interface Fact {
  readonly type: FactType;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export type FactType =
  | `activation.${Milestone}`
  | 'activation.postponed'
  | 'activation.rate_limited'
  | 'activation.late_success'
  | 'activation.cancel_requested'
  | 'vehicle.checked'
  | 'command.accepted'
  | 'revocation.owed'
  | 'payment.authorised'
  | 'payment.declined'
  | 'payment.captured'
  | 'payment.uncollectible'
  | 'payment.voided'
  | 'payment.refunded'
  | 'payment.unsettled'
  | 'payment.retried'
  | 'payment.paid_back'
  | 'payment.charged_back'
  | 'payment.collected'
  | 'payment.written_off'
  /** What the payment service had refused for good is settled, by whichever way. */
  | 'payment.settled'
  | 'payment.unanswered';
