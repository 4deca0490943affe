import type { Activation } from './activation.ts';
import {
  acceptCommand,
  awaitResult,
  checkVehicle,
  failAttempt,
  limitRate,
  postpone,
  resume,
  startAttempt,
} from './attempting.ts';
import { cancel, noteCancel } from './cancelling.ts';
import { decide, deliver, followSettlement, noteLateSuccess, takeOwned } from './ending.ts';
import type { ActivationEvent, VehicleEvent, VehicleEventType } from './event.ts';
import type { Fact, FactType } from './fact.ts';
import { accept, ignore, type Outcome, reject } from './outcome.ts';
import type { Phase } from './phase.ts';
import { settlementMsOf } from './policy.ts';
import { isOpen, isShown, isWithPeople, type PaymentEvent, type Settlement, settle } from './settlement.ts';

type Handler<Type extends VehicleEventType> = (
  activation: Activation,
  event: Extract<VehicleEvent, { type: Type }>,
) => Outcome;
type Row = { readonly [Type in VehicleEventType]: Handler<Type> };

/** A repeat or a straggler: normal where messages come at least once. */
const stale = (activation: Activation) => ignore(activation, `nothing to do in ${activation.phase}`);
/** Rejects an event that no component can have sent: a bug of the platform, or a forged message. */
const never = (activation: Activation) => reject(activation, `cannot happen in ${activation.phase}`);

const ended: Row = {
  vehicle_checked: stale,
  attempt_started: stale,
  postponed: stale,
  vehicle_free: stale,
  cancel_requested: stale,
  feature_owned: stale,
  command_accepted: stale,
  rate_limited: stale,
  command_pending: stale,
  command_applied: stale,
  command_failed: stale,
  diagnostics_read: stale,
};

/** Nothing was sent, so nothing can answer. */
const unsent: Row = {
  vehicle_checked: never,
  attempt_started: never,
  postponed: never,
  vehicle_free: never,
  cancel_requested: stale,
  feature_owned: never,
  command_accepted: never,
  rate_limited: never,
  command_pending: never,
  command_applied: never,
  command_failed: never,
  diagnostics_read: never,
};

/** Phase × event, total: docs/activation-spec.md shows it as a table, and the compiler asks for every cell. */
export const table: { readonly [P in Phase]: Row } = {
  awaiting_payment: { ...unsent, cancel_requested: noteCancel },
  queued_for_activation: {
    vehicle_checked: checkVehicle,
    attempt_started: startAttempt,
    postponed: postpone,
    vehicle_free: resume,
    cancel_requested: cancel,
    feature_owned: takeOwned,
    command_accepted: stale,
    rate_limited: stale,
    command_pending: stale,
    command_applied: deliver,
    command_failed: stale,
    diagnostics_read: stale,
  },
  sending_command: {
    vehicle_checked: stale,
    attempt_started: stale,
    postponed: stale,
    vehicle_free: stale,
    cancel_requested: noteCancel,
    feature_owned: stale,
    command_accepted: acceptCommand,
    rate_limited: limitRate,
    command_pending: stale,
    command_applied: deliver,
    command_failed: failAttempt,
    diagnostics_read: stale,
  },
  waiting_response: {
    vehicle_checked: stale,
    attempt_started: stale,
    postponed: stale,
    vehicle_free: stale,
    cancel_requested: noteCancel,
    feature_owned: stale,
    command_accepted: stale,
    rate_limited: stale,
    command_pending: awaitResult,
    command_applied: deliver,
    command_failed: failAttempt,
    diagnostics_read: stale,
  },
  waiting_backoff: {
    vehicle_checked: stale,
    attempt_started: startAttempt,
    postponed: postpone,
    vehicle_free: resume,
    cancel_requested: cancel,
    feature_owned: takeOwned,
    command_accepted: stale,
    rate_limited: stale,
    command_pending: stale,
    command_applied: deliver,
    command_failed: failAttempt,
    diagnostics_read: stale,
  },
  querying_vehicle_state: {
    ...ended,
    command_applied: deliver,
    diagnostics_read: decide,
  },
  reversing_payment: { ...ended, command_applied: noteLateSuccess },
  failed: { ...ended, command_applied: noteLateSuccess },
  cancelled: { ...ended, command_applied: noteLateSuccess },
  active: ended,
  declined: unsent,
  dormant: ended,
  superseded: ended,
};

type Answered = Exclude<PaymentEvent['type'], 'payment_refused' | 'payment_key_lapsed' | 'payment_resolved'>;
const paymentFacts: Readonly<Record<Answered, FactType>> = {
  payment_authorised: 'payment.authorised',
  payment_captured: 'payment.captured',
  payment_voided: 'payment.voided',
  payment_refunded: 'payment.refunded',
  payment_unanswered: 'payment.unanswered',
  payment_retried: 'payment.retried',
  payment_charged_back: 'payment.charged_back',
};

function isPaymentEvent(event: ActivationEvent): event is PaymentEvent {
  return event.type.startsWith('payment_');
}

/** Changes that need no new effect: one more call without an answer, or a new key for an open step. */
function isUnshown(event: PaymentEvent, settlement: Settlement): boolean {
  if (event.type === 'payment_key_lapsed') return settlement.dueAt !== null;
  return event.type === 'payment_unanswered' && !isShown(settlement.unanswered);
}

function factType(event: PaymentEvent, { status }: Settlement): FactType {
  switch (event.type) {
    case 'payment_refused':
    case 'payment_key_lapsed':
    case 'payment_resolved':
      return `payment.${status}` as FactType;
    default:
      return paymentFacts[event.type];
  }
}

function detailsOf(event: PaymentEvent): Fact['data'] {
  const { type: _, at: __, ...details } = event;
  if (!('resolution' in details)) return details;
  const { kind: ___, ...said } = details.resolution;
  return { by: details.by, ...said };
}

/** What people were asked to settle is settled: by themselves, or by the payment service when it was asked once more. */
function settledFacts(before: Settlement, after: Settlement, event: PaymentEvent): Fact[] {
  if (!isWithPeople(before) || isOpen(after)) return [];
  const { amountMinor, currency } = after;
  const outcome = event.type === 'payment_charged_back' ? 'charged_back' : after.status;
  const said = event.type === 'payment_resolved' ? detailsOf(event) : {};
  return [{ type: 'payment.settled', at: event.at, data: { ...said, outcome, amountMinor, currency } }];
}

function pay(activation: Activation, event: PaymentEvent): Outcome {
  if (activation.settlement === null) return reject(activation, 'no money is involved');
  const settlement = settle(activation.settlement, event, settlementMsOf(activation.policy));
  if (settlement === null) return ignore(activation, `nothing to settle: ${activation.settlement.status}`);
  if (isUnshown(event, settlement)) return accept({ ...activation, settlement }, []);
  const { at } = event;
  const fact: Fact = {
    type: factType(event, settlement),
    at,
    data: {
      ...detailsOf(event),
      amountMinor: settlement.amountMinor,
      currency: settlement.currency,
      paymentId: settlement.paymentId,
    },
  };
  const taken: Fact[] =
    event.type === 'payment_authorised' && settlement.status === 'captured'
      ? [{ ...fact, type: 'payment.captured' }]
      : [];
  const next = followSettlement(
    { ...activation, settlement, deadlineAt: holdDeadline(activation, event) },
    at,
  );
  const settled = settledFacts(activation.settlement, settlement, event);
  return accept(next.activation, [fact, ...taken, ...next.facts, ...settled]);
}

/** The API IoT's command time-out of 5 minutes, and as long again for the answer and the capture. */
const holdMarginMs = 10 * 60_000;

/** A hold that lapses before delivery could no longer be captured: no attempt starts after it (docs/activation-spec.md, section 11). */
function holdDeadline(activation: Activation, event: PaymentEvent): number | null {
  if (event.type !== 'payment_authorised' || event.holdExpiresAt === null) return activation.deadlineAt;
  if (activation.settlement?.capture === 'immediately') return activation.deadlineAt;
  // An attempt that starts at the last moment still has to be answered and captured.
  const lastStartAt = event.holdExpiresAt - holdMarginMs;
  return Math.min(activation.deadlineAt ?? lastStartAt, lastStartAt);
}

/**
 * The lifecycle: pure, total, and the only place where an activation changes. What is to be done next follows from the
 * new state (`outstanding`), so a crash between any two steps loses nothing.
 */
export function transition(activation: Activation, event: ActivationEvent): Outcome {
  if (isPaymentEvent(event)) return pay(activation, event);
  const handle = table[activation.phase][event.type] as (
    activation: Activation,
    event: VehicleEvent,
  ) => Outcome;
  return handle(activation, event);
}
