import type { Activation, Attempt } from './activation.ts';
import { keptByRevocation, unmet } from './invariants.ts';
import { finalPhases, type Phase } from './phase.ts';
import type { SettlementStatus } from './settlement.ts';

const lost: readonly Phase[] = ['reversing_payment', 'cancelled'];
const attempting: readonly Phase[] = [
  'waiting_backoff',
  'querying_vehicle_state',
  'active',
  'dormant',
  ...lost,
];

/** Where each phase may lead, besides itself. */
const legalMoves: Readonly<Record<Phase, readonly Phase[]>> = {
  awaiting_payment: ['queued_for_activation', 'declined', ...lost],
  queued_for_activation: [
    'sending_command',
    'querying_vehicle_state',
    'superseded',
    'active',
    'dormant',
    ...lost,
  ],
  sending_command: ['waiting_response', 'queued_for_activation', ...attempting],
  waiting_response: attempting,
  waiting_backoff: ['sending_command', 'querying_vehicle_state', 'superseded', 'active', 'dormant', ...lost],
  querying_vehicle_state: ['active', 'dormant', 'failed', ...lost],
  reversing_payment: ['failed', 'cancelled'],
  active: [],
  failed: [],
  cancelled: [],
  declined: [],
  dormant: [],
  superseded: [],
};

const legalSettlements: Readonly<Record<SettlementStatus, readonly SettlementStatus[]>> = {
  // What was cancelled while it was asked for goes back with the answer.
  authorising: ['authorised', 'captured', 'declined', 'unsettled', 'voiding', 'refunding'],
  declined: [],
  authorised: ['capturing', 'voiding'],
  capturing: ['captured', 'uncollectible'],
  captured: ['refunding'],
  uncollectible: ['capturing', 'collected', 'written_off'],
  voiding: ['voided', 'unsettled'],
  voided: [],
  // The bank may have paid back already what it is asked to refund.
  refunding: ['refunded', 'unsettled', 'paid_back'],
  refunded: [],
  unsettled: ['voided', 'refunded', 'voiding', 'refunding', 'paid_back', 'written_off'],
  paid_back: [],
  collected: [],
  written_off: [],
};

const unchanging = ['id', 'kind', 'vin', 'serviceId', 'feature', 'policy', 'requestedAt'] as const;
/** Once ended, only the money of a delivery and the notes about a late success change. */
const unchangingAtEnd = [
  'phase',
  'dueAt',
  'attempts',
  'failure',
  'delivery',
  'postponed',
  'vehicleChecked',
  'cancelRequestedAt',
] as const;

/** Everything that is wrong with a step from one saved state to the next, a sentence each. */
export function transitionViolations(before: Activation, after: Activation): string[] {
  const same = (key: keyof Activation) =>
    before[key] === after[key] || JSON.stringify(before[key]) === JSON.stringify(after[key]);
  const fixed = finalPhases.has(before.phase) ? [...unchanging, ...unchangingAtEnd] : unchanging;
  return [
    ...unmet(
      [
        before.phase === after.phase || legalMoves[before.phase].includes(after.phase),
        `no way leads from ${before.phase} to ${after.phase}`,
      ],
      [same('deadlineAt') || isHoldDeadline(before, after), 'only a hold brings the deadline forward'],
      [after.vehicleChecked || !before.vehicleChecked, 'a check is not undone'],
      [after.revocationOwed || !before.revocationOwed, 'a required revocation stays required'],
      [before.lateSuccessAt === null || same('lateSuccessAt'), 'a late success is noted once'],
      [before.delivery === null || same('delivery'), 'a delivery stays as it is'],
      [
        before.cancelRequestedAt === undefined || same('cancelRequestedAt'),
        'a cancellation request does not change',
      ],
    ),
    ...fixed.filter((key) => !same(key)).map((key) => `${key} changed in ${before.phase}`),
    ...attemptTransitionViolations(before, after),
    ...settlementTransitionViolations(before, after),
  ];
}

function isHoldDeadline(before: Activation, after: Activation): boolean {
  return (
    before.phase === 'awaiting_payment' &&
    after.deadlineAt !== null &&
    after.deadlineAt < (before.deadlineAt ?? Infinity)
  );
}

function attemptTransitionViolations(before: Activation, after: Activation): string[] {
  const last = before.attempts.at(-1);
  const isDropped = (attempt: Attempt) =>
    // A revocation drops its oldest attempt; 429 removes the last one, which was never made.
    (before.kind === 'revocation' &&
      attempt === before.attempts[0] &&
      before.attempts.length === keptByRevocation) ||
    (attempt === last && before.phase === 'sending_command' && attempt.endedAt === null);
  const lastAfter = after.attempts.at(-1)?.number ?? 0;
  return [
    ...unmet(
      [lastAfter <= (last?.number ?? 0) + 1, 'attempts are made one by one'],
      [
        lastAfter <= (last?.number ?? 0) || after.phase === 'sending_command' || after.delivery !== null,
        `an attempt was added in ${after.phase}`,
      ],
    ),
    ...before.attempts.flatMap((attempt) => {
      const kept = after.attempts.find((one) => one.number === attempt.number);
      if (kept) return changeViolations(attempt, kept, after);
      return unmet([isDropped(attempt), `attempt ${attempt.number} is lost`]);
    }),
  ];
}

function changeViolations(attempt: Attempt, kept: Attempt, after: Activation): string[] {
  const stays = (key: keyof Attempt) => attempt[key] === null || attempt[key] === kept[key];
  const { number } = attempt;
  const isDelivered = after.delivery?.attempt === number;
  return unmet(
    [kept.startedAt === attempt.startedAt, `the start of attempt ${number} changed`],
    [
      stays('commandId') && stays('version') && stays('expiresAt') && stays('endedAt'),
      `what is known of attempt ${number} changed`,
    ],
    [
      attempt.failure === null ||
        isDelivered ||
        kept.failure?.temporary === false ||
        JSON.stringify(attempt.failure) === JSON.stringify(kept.failure),
      `the failure of attempt ${number} changed`,
    ],
  );
}

function settlementTransitionViolations(before: Activation, after: Activation): string[] {
  if (before.settlement === null || after.settlement === null) {
    return unmet([before.settlement === after.settlement, 'money appeared or disappeared']);
  }
  const from = before.settlement;
  const to = after.settlement;
  return unmet(
    [
      from.status === to.status || legalSettlements[from.status].includes(to.status),
      `money does not go from ${from.status} to ${to.status}`,
    ],
    [
      from.amountMinor === to.amountMinor && from.currency === to.currency && from.capture === to.capture,
      'the price changed',
    ],
    [from.paymentId === null || from.paymentId === to.paymentId, 'the payment changed'],
  );
}
