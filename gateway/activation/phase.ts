/**
 * Where an activation stands between two saved transitions. Named as in the specification's state machine; the momentary
 * states that one transition passes through are milestones.
 */
export const phases = [
  /** Authorisation asked for, not answered yet. */
  'awaiting_payment',
  'queued_for_activation',
  /** An attempt is saved; its command may or may not have left. */
  'sending_command',
  'waiting_response',
  'waiting_backoff',
  'querying_vehicle_state',
  /** Failed for good: the decision to give the money back is saved. No way back from here. */
  'reversing_payment',
  'active',
  'failed',
  /** The customer did not want it any more before it was delivered; the money is back. */
  'cancelled',
  /** The payment was declined, or never answered at all: nothing was ever sent to the vehicle. */
  'declined',
  /** End of a deactivation or a revocation: the vehicle confirmed that the feature is dormant. */
  'dormant',
  /** End of a revocation whose feature a customer owns again: it must not be switched off. */
  'superseded',
] as const;
export type Phase = (typeof phases)[number];

/** A state that a transition passes: what the record shows. */
export type Milestone =
  | Phase
  | 'payment_confirmed'
  | 'checking_response'
  | 'success'
  | 'renewed'
  | 'failure'
  | 'evaluating_retry'
  | 'calculate_backoff'
  | 'max_retries_exceeded'
  | 'escalating_to_support'
  | 'notifying_customer'
  | 'notifying_failure';

export const finalPhases: ReadonlySet<Phase> = new Set([
  'active',
  'failed',
  'cancelled',
  'declined',
  'dormant',
  'superseded',
]);

/** A command of this activation may be under way: no other command may be sent to the vehicle. */
export const commandingPhases: ReadonlySet<Phase> = new Set(['sending_command', 'waiting_response']);
