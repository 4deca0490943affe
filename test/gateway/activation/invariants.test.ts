import { describe, expect, test } from 'vitest';
import type { Activation, Attempt } from '../../../gateway/activation/activation.ts';
import { violations } from '../../../gateway/activation/invariants.ts';
import type { Settlement } from '../../../gateway/activation/settlement.ts';
import { transitionViolations } from '../../../gateway/activation/transition-invariants.ts';
import {
  accepted,
  applied,
  authorised,
  cancelled,
  diagnosed,
  failed,
  incompatible,
  lostOnTheWay,
  play,
  purchase,
  ready,
  refused,
  refusedBeforehand,
  second,
  start,
  started,
  switchOff,
} from '../../helpers/activation-events.ts';

// A state or a move that must not be, made by hand from one that may: each claim of the checker is seen to bite.

const unpaid = purchase();
const queued = play(unpaid, [authorised(start)]).activation;
const sending = play(ready(), [started(0)]).activation;
const waiting = play(sending, [accepted(0, 1)]).activation;
const backingOff = play(waiting, [failed(2 * second, 1, lostOnTheWay)]).activation;
const retrying = play(backingOff, [started(32 * second)]).activation;
const asking = play(waiting, [failed(2 * second, 1, incompatible)]).activation;
const reversing = play(asking, [diagnosed(3 * second)]).activation;
const lost = play(reversing, [{ type: 'payment_voided', at: 4 * second }]).activation;
const active = play(waiting, [applied(2 * second, 1)]).activation;
const declined = play(unpaid, [refused(second, 'authorise')]).activation;
const stopped = play(queued, [cancelled(second), { type: 'payment_voided', at: 2 * second }]).activation;
const dormant = play(switchOff('deactivation'), [started(0), accepted(0, 1), applied(second, 1)]).activation;
const revoking = play(switchOff('revocation'), [
  started(0),
  accepted(0, 1),
  failed(second, 1, lostOnTheWay),
]).activation;

const withAttempts = (activation: Activation, ...changes: Partial<Attempt>[]): Activation => ({
  ...activation,
  attempts: changes.map((change, index) => ({ ...attemptOf(activation, index), ...change })),
});
const withMoney = (activation: Activation, change: Partial<Settlement>): Activation => ({
  ...activation,
  settlement: { ...moneyOf(activation), ...change },
});
function attemptOf(activation: Activation, index: number): Attempt {
  const attempt = activation.attempts[index] ?? activation.attempts.at(-1);
  if (attempt === undefined) throw new Error(`${activation.phase} has no attempt`);
  return attempt;
}
function moneyOf({ phase, settlement }: Activation): Settlement {
  if (settlement === null) throw new Error(`${phase} has no money`);
  return settlement;
}

const sound = {
  unpaid,
  queued,
  sending,
  waiting,
  backingOff,
  retrying,
  asking,
  reversing,
  lost,
  active,
  declined,
  stopped,
  dormant,
  revoking,
};

test.each(Object.entries(sound))('%s is sound', (_, activation) => {
  expect(violations(activation)).toEqual([]);
  expect(transitionViolations(activation, activation)).toEqual([]);
});

type Change = Partial<Activation> | ((sound: Activation) => Activation);

/** A sound state, what is made wrong in it, and what the checker says. */
const unsound: readonly (readonly [Activation, Change, ...said: string[]])[] = [
  [dormant, { kind: 'activation' }, 'a activation cannot stand in dormant', 'attempt 1 follows the check'],
  [
    active,
    { kind: 'deactivation' },
    'a deactivation cannot stand in active',
    'only an activation is checked',
    'a deactivation moves no money',
  ],
  [
    lost,
    { kind: 'revocation', deadlineAt: null },
    'a revocation cannot stand in failed',
    'only an activation is checked',
    'a revocation moves no money',
  ],
  [queued, { dueAt: null }, 'queued_for_activation has something due, not null'],
  [active, { dueAt: 5 }, 'active has nothing due, not 5'],
  [unpaid, { dueAt: 5 }, 'awaiting_payment has nothing due, not 5'],
  [revoking, { deadlineAt: 5_000 * second }, 'a revocation has no deadline'],
  [queued, { deadlineAt: 9_000_000 * second }, 'the deadline lies behind what the policy allows'],
  [queued, { postponed: -1 }, 'postponed counts from 0, not -1'],
  [queued, { postponed: 0.5 }, 'postponed counts from 0, not 0.5'],
  [sending, { postponed: 1 }, 'an attempt ends a streak of postponements'],
  [waiting, { postponed: 2 }, 'an attempt ends a streak of postponements'],
  [backingOff, { dueAt: (backingOff.deadlineAt ?? 0) + 1 }, 'a back-off does not wait past the deadline'],
  [dormant, { vehicleChecked: true }, 'only an activation is checked'],
  [unpaid, { vehicleChecked: true }, 'nothing is checked in awaiting_payment'],
  [declined, { vehicleChecked: true }, 'nothing is checked in declined'],
  [retrying, (activation) => withAttempts(activation, {}, { number: 3 }), 'attempt numbers are contiguous'],
  [waiting, (activation) => withAttempts(activation, { number: 2 }), 'the first attempt is 1, not 2'],
  [revoking, (activation) => withAttempts(activation, { number: 2 }), 'the first attempt is 1, not 2'],
  [
    waiting,
    (activation) => ({ ...withAttempts(activation, {}), policy: { ...activation.policy, maxRetries: -1 } }),
    'attempt 1 is above maxRetries + 1',
  ],
  [
    queued,
    { attempts: waiting.attempts },
    'queued_for_activation has no attempts',
    'attempt 1 follows the check',
    'an attempt is open in queued_for_activation',
  ],
  [backingOff, { attempts: [] }, 'a back-off follows an attempt'],
  [waiting, { vehicleChecked: false }, 'attempt 1 follows the check'],
  [
    waiting,
    { attempts: [] },
    'an attempt is not open in waiting_response',
    'a command that is waited for has an id and an expiry',
  ],
  [
    backingOff,
    (activation) => withAttempts(activation, { endedAt: null, failure: null }),
    'an attempt is open in waiting_backoff',
  ],
  [
    sending,
    (activation) => withAttempts(activation, { commandId: 'cmd_1' }),
    'a command that is sent has no id yet',
  ],
  [
    waiting,
    (activation) => withAttempts(activation, { commandId: null }),
    'a command that is waited for has an id and an expiry',
  ],
  [
    waiting,
    (activation) => withAttempts(activation, { expiresAt: null }),
    'a command that is waited for has an id and an expiry',
  ],
  [
    retrying,
    (activation) => withAttempts(activation, { endedAt: null, failure: null }, {}),
    'only the last attempt is open, not 1',
    'attempt 2 started at 32000, before Infinity',
  ],
  [
    retrying,
    (activation) => withAttempts(activation, {}, { startedAt: 32 * second - 1 }),
    'attempt 2 started at 31999, before 32000',
  ],
  [sending, (activation) => withAttempts(activation, { startedAt: -1 }), 'attempt 1 started at -1, before 0'],
  [sending, { deadlineAt: -1 }, 'attempt 1 started after the deadline'],
  [
    backingOff,
    (activation) => withAttempts(activation, { startedAt: 3 * second }),
    'attempt 1 ended before it started',
  ],
  [
    waiting,
    (activation) => withAttempts(activation, { failure: lostOnTheWay }),
    'attempt 1 is open and has failed',
  ],
  [
    backingOff,
    (activation) => withAttempts(activation, { failure: null }),
    'attempt 1 ended with neither failure nor delivery',
  ],
  [
    active,
    { delivery: null },
    'attempt 1 ended with neither failure nor delivery',
    'active without delivery',
  ],
  [
    dormant,
    { delivery: null },
    'attempt 1 ended with neither failure nor delivery',
    'dormant without delivery',
  ],
  [
    backingOff,
    { delivery: { at: 2 * second, attempt: 1, evidence: 'result', vehicleClock: null } },
    'waiting_backoff with delivery',
    'what was delivered has not failed',
    'the attempt that delivered has not failed',
  ],
  [
    active,
    { delivery: { at: 2 * second, attempt: 7, evidence: 'result', vehicleClock: null } },
    'a delivery belongs to an attempt, or renews what is owned',
  ],
  [
    active,
    { delivery: { at: 2 * second, attempt: 1, evidence: 'entitlement', vehicleClock: null } },
    'a renewal sends nothing',
  ],
  [
    dormant,
    { delivery: { at: second, attempt: null, evidence: 'entitlement', vehicleClock: null } },
    'a renewal sends nothing',
  ],
  [active, { failure: incompatible }, 'what was delivered has not failed'],
  [
    active,
    (activation) => withAttempts(activation, { failure: refusedBeforehand }),
    'the attempt that delivered has not failed',
  ],
  [asking, { failure: null }, 'querying_vehicle_state without the failure that led to it'],
  [reversing, { failure: null }, 'reversing_payment without the failure that led to it'],
  [lost, { failure: null }, 'failed without the failure that led to it'],
  [active, { revocationOwed: true }, 'a revocation is required in active'],
  [backingOff, { revocationOwed: true }, 'a revocation is required in waiting_backoff'],
  [
    lost,
    (activation) => withAttempts(activation, { failure: lostOnTheWay }),
    'the vehicle may have applied a failed activation, and no revocation is required',
  ],
  [lost, { lateSuccessAt: 9 * second }, 'a late success owes a revocation'],
  [dormant, { cancelRequestedAt: second }, 'only an activation is cancelled'],
  [queued, { cancelRequestedAt: second }, 'queued_for_activation though the customer asked to cancel'],
  [backingOff, { cancelRequestedAt: second }, 'waiting_backoff though the customer asked to cancel'],
  [lost, { cancelRequestedAt: second }, 'failed though the customer asked to cancel'],
  [
    stopped,
    ({ cancelRequestedAt: _, ...never }) => never,
    'cancelled without the failure that led to it',
    'cancelled without that the customer asked to cancel',
  ],
  [unpaid, { settlement: null }, 'awaiting_payment without money'],
  [reversing, { settlement: null }, 'reversing_payment without money'],
  [declined, { settlement: null }, 'declined without money'],
  [
    dormant,
    { settlement: moneyOf(lost) },
    'a deactivation moves no money',
    'money is voided (on_delivery) in dormant',
  ],
  [
    queued,
    (activation) => withMoney(activation, { status: 'capturing', dueAt: 5 }),
    'money is capturing (on_delivery) in queued_for_activation',
  ],
  [queued, (activation) => withMoney(activation, { dueAt: 5 }), 'authorised has a due moment'],
  [unpaid, (activation) => withMoney(activation, { dueAt: null }), 'authorising has no due moment'],
  [queued, (activation) => withMoney(activation, { unanswered: 1 }), 'authorised counts unanswered calls'],
  [queued, (activation) => withMoney(activation, { paymentId: null }), 'authorised without a payment'],
  [unpaid, (activation) => withMoney(activation, { paymentId: 'pay_1' }), 'authorising with a payment'],
  [queued, (activation) => withMoney(activation, { amountMinor: 49.5 }), 'an amount is whole minor units'],
  [queued, (activation) => withMoney(activation, { amountMinor: -1 }), 'an amount is whole minor units'],
];

const changed = (activation: Activation, change: Change): Activation =>
  typeof change === 'function' ? change(activation) : { ...activation, ...change };

test('what must not be of a state is said, and nothing else', () => {
  for (const [activation, change, ...said] of unsound) {
    expect(violations(changed(activation, change))).toEqual(said);
  }
});

/** Before, after, and what the checker says. */
const wrongMoves: readonly (readonly [Activation, Activation, ...said: string[]])[] = [
  [active, { ...active, phase: 'failed' }, 'no way leads from active to failed', 'phase changed in active'],
  [lost, { ...lost, phase: 'active' }, 'no way leads from failed to active', 'phase changed in failed'],
  [queued, { ...queued, deadlineAt: 5 }, 'only a hold brings the deadline forward'],
  [
    unpaid,
    { ...queued, deadlineAt: (queued.deadlineAt ?? 0) + 1 },
    'only a hold brings the deadline forward',
  ],
  [ready(), { ...ready(), vehicleChecked: false }, 'a check is not undone'],
  [{ ...lost, revocationOwed: true }, lost, 'a required revocation stays required'],
  [{ ...lost, lateSuccessAt: 5 }, { ...lost, lateSuccessAt: 6 }, 'a late success is noted once'],
  [
    active,
    { ...active, delivery: { at: 1, attempt: 1, evidence: 'result', vehicleClock: null } },
    'a delivery stays as it is',
    'delivery changed in active',
  ],
  [
    stopped,
    { ...stopped, cancelRequestedAt: 2 * second },
    'a cancellation request does not change',
    'cancelRequestedAt changed in cancelled',
  ],
  [
    queued,
    { ...queued, id: 'act_2', vin: 'another', serviceId: 'other', feature: 'other' },
    'id changed in queued_for_activation',
    'vin changed in queued_for_activation',
    'serviceId changed in queued_for_activation',
    'feature changed in queued_for_activation',
  ],
  [
    queued,
    { ...queued, kind: 'deactivation', requestedAt: 1, policy: { ...queued.policy, maxRetries: 9 } },
    'kind changed in queued_for_activation',
    'policy changed in queued_for_activation',
    'requestedAt changed in queued_for_activation',
  ],
  [
    active,
    { ...active, dueAt: 1, postponed: 1, vehicleChecked: false, failure: incompatible },
    'a check is not undone',
    'dueAt changed in active',
    'failure changed in active',
    'postponed changed in active',
    'vehicleChecked changed in active',
  ],
  [lost, { ...lost, cancelRequestedAt: 1 }, 'cancelRequestedAt changed in failed'],
  [ready(), retrying, 'attempts are made one by one'],
  [
    sending,
    { ...sending, phase: 'waiting_backoff', attempts: retrying.attempts },
    'an attempt was added in waiting_backoff',
  ],
  [retrying, sending, 'what is known of attempt 1 changed', 'the failure of attempt 1 changed'],
  [retrying, { ...retrying, attempts: retrying.attempts.slice(1) }, 'attempt 1 is lost'],
  [waiting, { ...waiting, attempts: [] }, 'attempt 1 is lost'],
  [waiting, withAttempts(waiting, { startedAt: 1 }), 'the start of attempt 1 changed'],
  [waiting, withAttempts(waiting, { commandId: 'cmd_other' }), 'what is known of attempt 1 changed'],
  [waiting, withAttempts(waiting, { version: 9 }), 'what is known of attempt 1 changed'],
  [waiting, withAttempts(waiting, { expiresAt: 9 }), 'what is known of attempt 1 changed'],
  [backingOff, withAttempts(backingOff, { endedAt: 9 }), 'what is known of attempt 1 changed'],
  [backingOff, withAttempts(backingOff, { failure: refusedBeforehand }), 'the failure of attempt 1 changed'],
  [queued, { ...queued, settlement: null }, 'money appeared or disappeared'],
  [dormant, { ...dormant, settlement: moneyOf(lost) }, 'money appeared or disappeared'],
  [queued, withMoney(queued, { status: 'captured' }), 'money does not go from authorised to captured'],
  [lost, withMoney(lost, { status: 'authorised' }), 'money does not go from voided to authorised'],
  [queued, withMoney(queued, { amountMinor: 1 }), 'the price changed'],
  [queued, withMoney(queued, { currency: 'USD' }), 'the price changed'],
  [queued, withMoney(queued, { capture: 'immediately' }), 'the price changed'],
  [queued, withMoney(queued, { paymentId: 'pay_2' }), 'the payment changed'],
];

describe('a move', () => {
  test('what must not be of it is said, and nothing else', () => {
    for (const [before, after, ...said] of wrongMoves) {
      expect(transitionViolations(before, after)).toEqual(said);
    }
  });

  test('429 removes the attempt in sending, and a revocation drops its oldest of twenty', () => {
    expect(
      transitionViolations(sending, { ...sending, phase: 'queued_for_activation', attempts: [] }),
    ).toEqual([]);
    const twenty = Array.from({ length: 20 }, (_, index) => ({
      ...attemptOf(revoking, 0),
      number: index + 1,
    }));
    const full = { ...revoking, attempts: twenty };
    const next = { ...attemptOf(retrying, 1), number: 21 };
    const after: Activation = { ...full, phase: 'sending_command', attempts: [...twenty.slice(1), next] };
    expect(transitionViolations(full, after)).toEqual([]);
    expect(
      transitionViolations(
        { ...full, attempts: twenty.slice(0, 19) },
        { ...after, attempts: twenty.slice(1, 20) },
      ),
    ).toEqual(['attempt 1 is lost']);
  });
});
