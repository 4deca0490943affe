import { type Activation, type ActivationKind, type Attempt, mayHaveApplied } from './activation.ts';
import { isCancelRequested } from './cancelling.ts';
import { commandingPhases, finalPhases, type Phase } from './phase.ts';
import { backoffMs } from './policy.ts';
import {
  isWithPeople,
  openSteps,
  peoplesStatuses,
  type Settlement,
  type SettlementStatus,
} from './settlement.ts';

/** The phases that each kind can stand in. */
const phasesOf: Readonly<Record<ActivationKind, readonly Phase[]>> = {
  activation: [
    'awaiting_payment',
    'queued_for_activation',
    'sending_command',
    'waiting_response',
    'waiting_backoff',
    'querying_vehicle_state',
    'reversing_payment',
    'active',
    'failed',
    'cancelled',
    'declined',
  ],
  deactivation: [
    'queued_for_activation',
    'sending_command',
    'waiting_response',
    'waiting_backoff',
    'querying_vehicle_state',
    'failed',
    'dormant',
    'superseded',
  ],
  revocation: [
    'queued_for_activation',
    'sending_command',
    'waiting_response',
    'waiting_backoff',
    'dormant',
    'superseded',
  ],
};

type MoneyStates = Readonly<Record<Settlement['capture'], readonly SettlementStatus[]>>;
const either = (...statuses: SettlementStatus[]): MoneyStates => ({
  on_delivery: statuses,
  immediately: statuses,
});
const secured: MoneyStates = { on_delivery: ['authorised'], immediately: ['captured'] };

/** A reversal that was refused for good is settled by people, who may ask the payment service once more. */
const reversed: MoneyStates = {
  on_delivery: ['voided', 'unsettled', 'voiding', 'paid_back', 'written_off'],
  immediately: ['refunded', 'unsettled', 'refunding', 'paid_back', 'written_off'],
};

/** Where the money may stand in each phase, by when it is captured. */
const moneyOf: Readonly<Record<Phase, MoneyStates>> = {
  awaiting_payment: either('authorising'),
  queued_for_activation: secured,
  sending_command: secured,
  waiting_response: secured,
  waiting_backoff: secured,
  querying_vehicle_state: secured,
  reversing_payment: {
    on_delivery: ['voiding', 'unsettled'],
    immediately: ['refunding', 'unsettled'],
  },
  active: {
    on_delivery: ['capturing', 'captured', 'uncollectible', 'collected', 'written_off'],
    immediately: ['captured'],
  },
  failed: reversed,
  cancelled: reversed,
  // An order that was never answered is settled by an operator.
  declined: {
    on_delivery: ['declined', 'unsettled', 'voided', 'paid_back', 'written_off'],
    immediately: ['declined', 'unsettled', 'refunded', 'paid_back', 'written_off'],
  },
  dormant: either(),
  superseded: either(),
};

/**
 * Nothing is in progress, so a cancellation request has ended the activation at once; and an activation cancelled like this
 * has not failed.
 */
const uncancelled: ReadonlySet<Phase> = new Set(['queued_for_activation', 'waiting_backoff', 'failed']);
/** Phases that exist only because there is money. */
const moneyPhases: ReadonlySet<Phase> = new Set(['awaiting_payment', 'reversing_payment', 'declined']);
/** Phases that nothing but an answer about money ends. */
const moneyWaits: ReadonlySet<Phase> = new Set(['awaiting_payment', 'reversing_payment']);
/** Attempts that a revocation, which has no limit, keeps. */
export const keptByRevocation = 20;

/** Everything that must hold of one state and does not, a sentence each; empty for every state that `transition` can reach. */
export function violations(activation: Activation): string[] {
  return [
    ...phaseViolations(activation),
    ...attemptViolations(activation),
    ...outcomeViolations(activation),
    ...moneyViolations(activation),
  ];
}

/** The sentences of those claims that do not hold. */
export function unmet(...claims: readonly (readonly [holds: boolean, sentence: string])[]): string[] {
  return claims.filter(([holds]) => !holds).map(([, sentence]) => sentence);
}

function phaseViolations(activation: Activation): string[] {
  const { kind, phase, dueAt, deadlineAt, requestedAt, policy, postponed } = activation;
  const rests = finalPhases.has(phase) || moneyWaits.has(phase);
  const latest = policy.deadlineMs === null ? Infinity : requestedAt + policy.deadlineMs;
  return unmet(
    [phasesOf[kind].includes(phase), `a ${kind} cannot stand in ${phase}`],
    [(dueAt === null) === rests, `${phase} ${rests ? 'has nothing due' : 'has something due'}, not ${dueAt}`],
    [kind !== 'revocation' || deadlineAt === null, 'a revocation has no deadline'],
    [(deadlineAt ?? 0) <= latest, 'the deadline lies behind what the policy allows'],
    [Number.isInteger(postponed) && postponed >= 0, `postponed counts from 0, not ${postponed}`],
    [!commandingPhases.has(phase) || postponed === 0, 'an attempt ends a streak of postponements'],
    [
      phase !== 'waiting_backoff' || postponed > 0 || (dueAt ?? 0) <= (deadlineAt ?? Infinity),
      'a back-off does not wait past the deadline',
    ],
    [!activation.vehicleChecked || kind === 'activation', 'only an activation is checked'],
    [!activation.vehicleChecked || !moneyPhaseBeforeStart(phase), `nothing is checked in ${phase}`],
  );
}

function moneyPhaseBeforeStart(phase: Phase): boolean {
  return phase === 'awaiting_payment' || phase === 'declined';
}

function attemptViolations(activation: Activation): string[] {
  const { attempts, kind, phase, policy, vehicleChecked } = activation;
  const last = attempts.at(-1);
  const first = attempts[0]?.number ?? 1;
  const limit = kind === 'revocation' || policy.maxRetries === null ? Infinity : policy.maxRetries + 1;
  const none = phase === 'queued_for_activation' || moneyPhaseBeforeStart(phase);
  const open = last?.endedAt === null;
  return [
    ...unmet(
      [
        attempts.every((attempt, index) => attempt.number === first + index),
        'attempt numbers are contiguous',
      ],
      [
        first === 1 || (kind === 'revocation' && attempts.length >= keptByRevocation - 1),
        `the first attempt is 1, not ${first}`,
      ],
      [
        kind !== 'revocation' || attempts.length <= keptByRevocation,
        'a revocation keeps its last 20 attempts',
      ],
      [(last?.number ?? 0) <= limit, `attempt ${last?.number} is above maxRetries + 1`],
      [!none || attempts.length === 0, `${phase} has no attempts`],
      [phase !== 'waiting_backoff' || last !== undefined, 'a back-off follows an attempt'],
      [kind !== 'activation' || vehicleChecked || last === undefined, 'attempt 1 follows the check'],
      [open === commandingPhases.has(phase), `an attempt is ${open ? 'open' : 'not open'} in ${phase}`],
      [phase !== 'sending_command' || last?.commandId === null, 'a command that is sent has no id yet'],
      [
        phase !== 'waiting_response' || (last?.commandId != null && last.expiresAt !== null),
        'a command that is waited for has an id and an expiry',
      ],
    ),
    ...attempts.flatMap((attempt, index) => oneAttemptViolations(activation, attempt, attempts[index - 1])),
  ];
}

function oneAttemptViolations(
  activation: Activation,
  attempt: Attempt,
  previous: Attempt | undefined,
): string[] {
  const { number, startedAt, endedAt, failure } = attempt;
  const { delivery, deadlineAt, policy, requestedAt } = activation;
  const earliest =
    previous === undefined
      ? requestedAt
      : (previous.endedAt ?? Infinity) + backoffMs(policy, previous.number - 1, 0);
  return unmet(
    [
      endedAt !== null || attempt === activation.attempts.at(-1),
      `only the last attempt is open, not ${number}`,
    ],
    [startedAt >= earliest, `attempt ${number} started at ${startedAt}, before ${earliest}`],
    [startedAt <= (deadlineAt ?? Infinity), `attempt ${number} started after the deadline`],
    [endedAt === null || endedAt >= startedAt, `attempt ${number} ended before it started`],
    [endedAt !== null || failure === null, `attempt ${number} is open and has failed`],
    [
      endedAt === null || failure !== null || delivery !== null,
      `attempt ${number} ended with neither failure nor delivery`,
    ],
  );
}

function outcomeViolations(activation: Activation): string[] {
  const { attempts, delivery, failure, kind, lateSuccessAt, phase, revocationOwed } = activation;
  const lost = phase === 'reversing_payment' || phase === 'failed' || phase === 'cancelled';
  const cancelled = isCancelRequested(activation);
  const delivered = attempts.find((attempt) => attempt.number === delivery?.attempt);
  const isRenewal = delivery?.evidence === 'entitlement';
  const cannotHave =
    kind === 'revocation' && failure?.category === 'vehicle_incompatible' && failure.code !== 'rejected';
  return unmet(
    [
      phase === 'active' || phase === 'dormant' ? delivery !== null || cannotHave : delivery === null,
      `${phase} ${delivery === null ? 'without' : 'with'} delivery`,
    ],
    [
      delivery === null || isRenewal || delivered !== undefined,
      'a delivery belongs to an attempt, or renews what is owned',
    ],
    [!isRenewal || (kind === 'activation' && delivery.attempt === null), 'a renewal sends nothing'],
    [delivery === null || failure === null, 'what was delivered has not failed'],
    [delivered === undefined || delivered.failure === null, 'the attempt that delivered has not failed'],
    [
      failure !== null || cancelled || !(lost || phase === 'querying_vehicle_state'),
      `${phase} without the failure that led to it`,
    ],
    [!revocationOwed || (lost && kind === 'activation'), `a revocation is required in ${phase}`],
    [
      !lost || kind !== 'activation' || revocationOwed || !mayHaveApplied(activation),
      'the vehicle may have applied a failed activation, and no revocation is required',
    ],
    [lateSuccessAt === null || revocationOwed, 'a late success owes a revocation'],
    [!cancelled || kind === 'activation', 'only an activation is cancelled'],
    [
      cancelled ? !uncancelled.has(phase) : phase !== 'cancelled',
      `${phase} ${cancelled ? 'though' : 'without that'} the customer asked to cancel`,
    ],
  );
}

function moneyViolations(activation: Activation): string[] {
  const { kind, phase, settlement } = activation;
  if (settlement === null) return unmet([!moneyPhases.has(phase), `${phase} without money`]);
  const { status, capture, paymentId, dueAt, unanswered } = settlement;
  const unpaid = phase === 'awaiting_payment' || phase === 'declined';
  return unmet(
    [kind === 'activation', `a ${kind} moves no money`],
    [moneyOf[phase][capture].includes(status), `money is ${status} (${capture}) in ${phase}`],
    [
      (dueAt !== null) === (openSteps[status] !== null),
      `${status} has ${dueAt === null ? 'no' : 'a'} due moment`,
    ],
    [openSteps[status] !== null || unanswered === 0, `${status} counts unanswered calls`],
    [
      !finalPhases.has(phase) || phase === 'active' || openSteps[status] === null || isWithPeople(settlement),
      `${status} in ${phase} though the payment service refused nothing`,
    ],
    [
      !peoplesStatuses.has(status) || settlement.settleBy !== undefined || phase === 'reversing_payment',
      `${status} without a moment by which people settle it`,
    ],
    [(paymentId === null) === unpaid, `${status} ${paymentId === null ? 'without' : 'with'} a payment`],
    [
      Number.isSafeInteger(settlement.amountMinor) && settlement.amountMinor >= 0,
      'an amount is whole minor units',
    ],
  );
}
