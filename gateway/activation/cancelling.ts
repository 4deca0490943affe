import { type Activation, mayHaveApplied } from './activation.ts';
import type { VehicleEvent } from './event.ts';
import type { Fact } from './fact.ts';
import { accept, ignore, type Outcome, passed, reject } from './outcome.ts';
import { settleFailure } from './settlement.ts';

type CancelRequested = Extract<VehicleEvent, { type: 'cancel_requested' }>;

/**
 * Saves a cancellation request while the payment's answer or a command is pending. A delivery wins over the request; any
 * other result ends the activation as cancelled.
 */
export function noteCancel(activation: Activation, event: CancelRequested): Outcome {
  if (activation.kind !== 'activation') return reject(activation, 'only an activation is cancelled');
  if (isCancelRequested(activation)) return ignore(activation, 'asked for before');
  return accept({ ...activation, cancelRequestedAt: event.at }, [
    { type: 'activation.cancel_requested', at: event.at, data: {} },
  ]);
}

/** Nothing is under way: no attempt follows. */
export function cancel(activation: Activation, event: CancelRequested): Outcome {
  const noted = noteCancel(activation, event);
  if (noted.verdict !== 'accepted') return noted;
  return stopTrying(noted.activation, event.at, noted.facts);
}

export function isCancelRequested({ cancelRequestedAt }: Activation): boolean {
  return cancelRequestedAt !== undefined;
}

/** A cancelled activation whose last attempt is over. What the vehicle may have applied is asked for before money moves back. */
export function stopTrying(activation: Activation, at: number, facts: readonly Fact[]): Outcome {
  if (!mayHaveApplied(activation)) return giveBack(activation, at, facts);
  return accept({ ...activation, phase: 'querying_vehicle_state', dueAt: at }, [
    ...facts,
    passed('querying_vehicle_state', at),
  ]);
}

/** The decision that it was not delivered, from which no way leads back: the money goes back, if there is any. */
export function giveBack(activation: Activation, at: number, facts: readonly Fact[]): Outcome {
  const stopped: Activation = { ...activation, dueAt: null };
  if (activation.settlement === null) {
    const phase = lostPhase(activation);
    return accept({ ...stopped, phase }, [...facts, passed(phase, at)]);
  }
  const settlement = settleFailure(activation.settlement, at);
  return accept({ ...stopped, phase: 'reversing_payment', settlement }, [
    ...facts,
    passed('reversing_payment', at),
  ]);
}

/** How an activation ends that was not delivered: the customer may have wanted it so. */
export function lostPhase(activation: Activation): 'failed' | 'cancelled' {
  return isCancelRequested(activation) ? 'cancelled' : 'failed';
}
