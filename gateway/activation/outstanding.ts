import { type Activation, lastAttempt } from './activation.ts';
import { openSteps, type PaymentStep } from './settlement.ts';

/** What the engine has to do for an activation now. Effects follow from the saved state alone: the state is the outbox. */
export type Effect =
  | { readonly type: 'check_vehicle' }
  | { readonly type: 'start_attempt' }
  | { readonly type: 'send_command'; readonly attempt: number }
  | { readonly type: 'poll_command'; readonly attempt: number; readonly commandId: string }
  | { readonly type: 'read_diagnostics' }
  | { readonly type: 'pay'; readonly step: PaymentStep };

/** At most two: one for the vehicle, one for the money; both may run at once. */
export function outstanding(activation: Activation, now: number): Effect[] {
  const effects: Effect[] = [];
  const { settlement } = activation;
  if (activation.dueAt !== null && activation.dueAt <= now) {
    const effect = phaseEffect(activation);
    if (effect) effects.push(effect);
  }
  if (settlement?.dueAt != null && settlement.dueAt <= now) {
    const step = openSteps[settlement.status];
    if (step) effects.push({ type: 'pay', step });
  }
  return effects;
}

function phaseEffect(activation: Activation): Effect | null {
  switch (activation.phase) {
    case 'queued_for_activation':
      return activation.kind === 'activation' && !activation.vehicleChecked
        ? { type: 'check_vehicle' }
        : { type: 'start_attempt' };
    case 'waiting_backoff':
      return { type: 'start_attempt' };
    case 'sending_command': {
      const attempt = lastAttempt(activation);
      return attempt && { type: 'send_command', attempt: attempt.number };
    }
    case 'waiting_response': {
      const attempt = lastAttempt(activation);
      return attempt?.commandId
        ? { type: 'poll_command', attempt: attempt.number, commandId: attempt.commandId }
        : null;
    }
    case 'querying_vehicle_state':
      return { type: 'read_diagnostics' };
    case 'awaiting_payment':
    case 'reversing_payment':
    case 'active':
    case 'failed':
    case 'cancelled':
    case 'declined':
    case 'dormant':
    case 'superseded':
      return null;
  }
}
