import {
  type Activation,
  type Attempt,
  type Delivery,
  mayHaveApplied,
  takenBackAttempt,
} from './activation.ts';
import { giveBack, isCancelRequested, lostPhase } from './cancelling.ts';
import type { VehicleEvent } from './event.ts';
import type { Fact } from './fact.ts';
import { accept, ignore, type Outcome, passed, reject } from './outcome.ts';
import { isReversed, isWithPeople, settleDelivery } from './settlement.ts';

type EventOf<Type extends VehicleEvent['type']> = Extract<VehicleEvent, { type: Type }>;

/** The vehicle applied the command: the service becomes active and the customer is notified. The capture follows independently. */
export function deliver(activation: Activation, event: EventOf<'command_applied'>): Outcome {
  const [first] = activation.attempts;
  if (activation.kind === 'revocation' && first && event.attempt < first.number)
    return ignore(activation, 'belongs to an attempt that is not kept');
  return deliverBy(activation, event.at, event.attempt, 'result', event.vehicleClock);
}

function deliverBy(
  activation: Activation,
  at: number,
  attempt: number,
  evidence: 'result' | 'reported_state',
  vehicleClock: number | null,
): Outcome {
  const made = attemptsWith(activation, attempt, at);
  if (made === null) return reject(activation, `there is no attempt ${attempt}`);
  const delivery: Delivery = { at, attempt, evidence, vehicleClock };
  const attempts = made.map((one) =>
    one.number === attempt
      ? { ...one, endedAt: one.endedAt ?? at, failure: null }
      : { ...one, endedAt: one.endedAt ?? at },
  );
  const facts = [passed('checking_response', at, { attempt }), passed('success', at, { ...delivery })];
  const delivered: Activation = { ...activation, attempts, delivery, failure: null, dueAt: null };
  if (activation.kind !== 'activation') {
    return accept({ ...delivered, phase: 'dormant' }, [...facts, passed('dormant', at)]);
  }
  return activate(delivered, at, facts);
}

/** A customer owns the feature: a deactivation leaves it active; a purchase is a renewal, delivered without a command. */
export function takeOwned(activation: Activation, event: EventOf<'feature_owned'>): Outcome {
  const { at } = event;
  if (activation.kind !== 'activation')
    return accept({ ...activation, phase: 'superseded', dueAt: null }, [passed('superseded', at)]);
  const delivery: Delivery = { at, attempt: null, evidence: 'entitlement', vehicleClock: null };
  return activate({ ...activation, delivery, failure: null, dueAt: null }, at, [passed('renewed', at)]);
}

/** The customer owns the service and is notified. The capture follows independently. */
function activate(delivered: Activation, at: number, facts: readonly Fact[]): Outcome {
  const settlement = delivered.settlement && settleDelivery(delivered.settlement, at);
  return accept({ ...delivered, phase: 'active', settlement }, [
    ...facts,
    passed('notifying_customer', at),
    passed('active', at, { afterMs: at - delivered.requestedAt }),
  ]);
}

/**
 * Returns the attempts with the one that the vehicle answered, even one removed after 429: the vehicle's answer proves that
 * it was made.
 */
function attemptsWith(activation: Activation, number: number, at: number): readonly Attempt[] | null {
  const { attempts } = activation;
  if (attempts.some((one) => one.number === number)) return attempts;
  const taken = takenBackAttempt(activation, number, at);
  return taken && [...attempts, taken];
}

/** Delivered after all, or the decision to fail: from here on the payment is reversed, even if the vehicle reports success later. */
export function decide(activation: Activation, event: EventOf<'diagnostics_read'>): Outcome {
  if (event.delivered !== null)
    return deliverBy(activation, event.at, event.delivered, 'reported_state', null);
  const { at, diagnostics } = event;
  const { failure, kind } = activation;
  const revocationOwed = kind === 'activation' && mayHaveApplied(activation);
  // What the customer does not want any more is no case for support.
  const escalates = !isCancelRequested(activation);
  return giveBack({ ...activation, revocationOwed }, at, [
    ...(escalates ? [passed('escalating_to_support', at, { failure, diagnostics })] : []),
    ...(revocationOwed ? [revocationFact(at)] : []),
  ]);
}

/** The vehicle applied after the decision: the customer keeps the money, the feature is switched off again. */
export function noteLateSuccess(activation: Activation, event: EventOf<'command_applied'>): Outcome {
  if (activation.kind !== 'activation') return ignore(activation, 'a late answer to an ended deactivation');
  if (activation.lateSuccessAt !== null) return ignore(activation, 'noted before');
  if (attemptsWith(activation, event.attempt, event.at) === null) {
    return reject(activation, `there is no attempt ${event.attempt}`);
  }
  return accept({ ...activation, lateSuccessAt: event.at, revocationOwed: true }, [
    { type: 'activation.late_success', at: event.at, data: { attempt: event.attempt } },
    ...(activation.revocationOwed ? [] : [revocationFact(event.at)]),
  ]);
}

function revocationFact(at: number): Fact {
  return { type: 'revocation.owed', at, data: {} };
}

interface Followed {
  readonly activation: Activation;
  readonly facts: readonly Fact[];
}

/** Into the queue; or back, where the customer has cancelled it meanwhile. */
function confirmPayment(activation: Activation, at: number): Followed {
  const confirmed = passed('payment_confirmed', at);
  if (isCancelRequested(activation)) {
    const outcome = giveBack(activation, at, [confirmed]);
    return outcome.verdict === 'accepted' ? outcome : { activation, facts: [] };
  }
  return {
    activation: { ...activation, phase: 'queued_for_activation', dueAt: at },
    facts: [confirmed, passed('queued_for_activation', at)],
  };
}

/** What the phase makes of a settlement that moved. */
export function followSettlement(activation: Activation, at: number): Followed {
  const { phase, settlement } = activation;
  if (settlement === null) return { activation, facts: [] };
  if (
    phase === 'awaiting_payment' &&
    (settlement.status === 'authorised' || settlement.status === 'captured')
  ) {
    return confirmPayment(activation, at);
  }
  const isRefused = settlement.status === 'declined' || settlement.status === 'unsettled';
  if (phase === 'awaiting_payment' && isRefused) {
    return { activation: { ...activation, phase: 'declined', dueAt: null }, facts: [passed('declined', at)] };
  }
  // What the payment service refused for good is people's work: neither the vehicle nor the customer's answer waits for it.
  const isOver = isReversed(settlement) || isWithPeople(settlement);
  if (phase === 'reversing_payment' && isOver) {
    const lost = lostPhase(activation);
    const facts = [...(lost === 'failed' ? [passed('notifying_failure', at)] : []), passed(lost, at)];
    return { activation: { ...activation, phase: lost, dueAt: null }, facts };
  }
  return { activation, facts: [] };
}
