import { describe, expect, test } from 'vitest';
import {
  type Activation,
  isBackground,
  isSale,
  newManualRetry,
  newReactivation,
  nextDueAt,
  takenBackAttempt,
  targetOf,
} from '../../../gateway/activation/activation.ts';
import { noResult } from '../../../gateway/activation/failure.ts';
import { outstanding } from '../../../gateway/activation/outstanding.ts';
import { policyFaults, standardPolicy } from '../../../gateway/activation/policy.ts';
import {
  accepted,
  applied,
  authorised,
  checked,
  diagnosed,
  failed,
  failUntilItEnds,
  incompatible,
  limited,
  lostOnTheWay,
  pending,
  play,
  postponed,
  purchase,
  ready,
  refused,
  second,
  started,
  switchOff,
  verdictOf,
} from '../../helpers/activation-events.ts';

const order = {
  id: 'act_9',
  vin: '1M8GDM9AXKP042788',
  serviceId: 'heated-seats',
  feature: 'heated_seats',
  policy: standardPolicy,
};

describe('what is not sold', () => {
  const retry = newManualRetry({ ...order, parameters: { level: 2 } }, 'activation', 5);
  const retriedEnd = newManualRetry(order, 'deactivation', 5);
  const reactivation = newReactivation(order, 5);

  test('starts at once, without money, with attempts and a deadline of its own', () => {
    expect(retry).toMatchObject({
      kind: 'activation',
      origin: 'support',
      parameters: { level: 2 },
      settlement: null,
    });
    expect(retriedEnd).toMatchObject({ kind: 'deactivation', origin: 'support', settlement: null });
    expect(reactivation).toMatchObject({ kind: 'activation', origin: 'reconciliation', settlement: null });
    for (const one of [retry, retriedEnd, reactivation]) {
      expect([one.phase, one.dueAt, one.attempts, one.deadlineAt]).toEqual([
        'queued_for_activation',
        5,
        [],
        5 + (standardPolicy.deadlineMs ?? Number.NaN),
      ]);
    }
    expect(newReactivation({ ...order, policy: { ...standardPolicy, deadlineMs: null } }, 5).deadlineAt).toBe(
      null,
    );
    expect(purchase('on_delivery', { deadlineMs: null }).deadlineAt).toBe(null);
  });

  test('is no sale, and runs in the background', () => {
    const kinds = [
      purchase(),
      retry,
      retriedEnd,
      reactivation,
      switchOff('deactivation'),
      switchOff('revocation'),
    ];
    expect(kinds.map((one) => [isSale(one), isBackground(one), targetOf(one.kind)])).toEqual([
      [true, false, 'active'],
      [false, false, 'active'],
      [false, true, 'dormant'],
      [false, true, 'active'],
      [false, true, 'dormant'],
      [false, true, 'dormant'],
    ]);
  });

  test('fails without a word about money', () => {
    const { activation } = play(
      failUntilItEnds(play(reactivation, [checked(5)]).activation, lostOnTheWay).activation,
      [diagnosed(1_000 * second)],
    );
    expect([activation.phase, activation.settlement]).toEqual(['failed', null]);
  });
});

describe('an attempt that was removed after 429', () => {
  const sending = play(ready(), [started(0)]).activation;
  const takenBack = play(sending, [limited(second, 1, 60 * second)]).activation;
  const retrying = play(ready(), [started(0), failed(0, 1, lostOnTheWay), started(30 * second)]).activation;
  const secondTakenBack = play(retrying, [limited(31 * second, 2, 90 * second)]).activation;
  const startedAt = (activation: Activation, number: number, at: number) =>
    takenBackAttempt(activation, number, at)?.startedAt ?? null;

  test('is the next one, when none is open and the limit allows it', () => {
    expect(takenBackAttempt(takenBack, 1, 2 * second)).toEqual({
      number: 1,
      startedAt: 2 * second,
      commandId: null,
      version: null,
      expiresAt: null,
      endedAt: null,
      failure: null,
    });
    expect(startedAt(takenBack, 2, 2 * second)).toBe(null);
    expect(startedAt(sending, 2, 2 * second)).toBe(null);
    expect(startedAt(play(purchase(), [authorised(0)]).activation, 1, 2 * second)).toBe(null);
    const limitOf = (maxRetries: number | null) =>
      startedAt({ ...secondTakenBack, policy: { ...secondTakenBack.policy, maxRetries } }, 2, 40 * second);
    expect([limitOf(0), limitOf(1), limitOf(null)]).toEqual([null, 40 * second, 40 * second]);
  });

  test('a revocation has no limit of attempts', () => {
    const revoking = play(switchOff('revocation', { maxRetries: 0 }), [
      started(0),
      failed(0, 1, lostOnTheWay),
    ]).activation;
    expect([
      startedAt(revoking, 2, 40 * second),
      startedAt({ ...revoking, kind: 'deactivation' }, 2, 40 * second),
    ]).toEqual([40 * second, null]);
  });

  test('started neither before its back-off was over nor after the deadline', () => {
    const starts = [30 * second - 1, 30 * second, 31 * second].map((at) => startedAt(secondTakenBack, 2, at));
    expect(starts).toEqual([null, 30 * second, 31 * second]);
    expect(startedAt({ ...takenBack, deadlineAt: 7 }, 1, 9)).toBe(7);
    expect(startedAt({ ...takenBack, deadlineAt: null }, 1, 9)).toBe(9);
    expect(startedAt({ ...takenBack, requestedAt: 9 }, 1, 8)).toBe(null);
  });
});

describe('what is to be done', () => {
  const waiting = play(ready(), [started(0), accepted(0, 1)]).activation;
  const asking = play(waiting, [failed(2 * second, 1, incompatible)]).activation;
  const reversing = play(asking, [diagnosed(3 * second)]).activation;
  const active = play(waiting, [applied(2 * second, 1)]).activation;

  test.each([
    [purchase(), 0, [{ type: 'pay', step: 'authorise' }]],
    [play(purchase(), [authorised(second)]).activation, second - 1, []],
    [play(purchase(), [authorised(second)]).activation, second, [{ type: 'check_vehicle' }]],
    [ready(), 0, [{ type: 'start_attempt' }]],
    [switchOff('deactivation'), 0, [{ type: 'start_attempt' }]],
    [play(ready(), [started(0)]).activation, 0, [{ type: 'send_command', attempt: 1 }]],
    [waiting, (waiting.dueAt ?? 0) - 1, []],
    [waiting, waiting.dueAt ?? 0, [{ type: 'poll_command', attempt: 1, commandId: 'cmd_1' }]],
    [asking, 2 * second, [{ type: 'read_diagnostics' }]],
    [reversing, 3 * second - 1, []],
    [reversing, 3 * second, [{ type: 'pay', step: 'void' }]],
    [active, 2 * second - 1, []],
    [active, 2 * second, [{ type: 'pay', step: 'capture' }]],
    [play(reversing, [{ type: 'payment_voided', at: 4 * second }]).activation, 9e9, []],
    [play(active, [{ type: 'payment_captured', at: 4 * second }]).activation, 9e9, []],
    [play(purchase(), [refused(second, 'authorise')]).activation, 9e9, []],
  ])('case %#: follows from the state and the moment', (activation, at, effects) => {
    expect(outstanding(activation, at)).toEqual(effects);
  });

  test('is due at the earlier of the two moments', () => {
    const both = (dueAt: number | null, moneyAt: number | null): Activation => ({
      ...active,
      dueAt,
      settlement: active.settlement && { ...active.settlement, dueAt: moneyAt },
    });
    expect([both(3, 5), both(5, 3), both(null, 5), both(3, null), both(null, null)].map(nextDueAt)).toEqual([
      3,
      3,
      5,
      3,
      null,
    ]);
    expect(nextDueAt(switchOff('revocation'))).toBe(0);
  });
});

describe('what a fact says', () => {
  const dataOf = (facts: { type: string; data: unknown }[]) =>
    facts.map(({ type, data: said }) => [type, said]);

  test('of an attempt that fails, is limited, and delivers', () => {
    const { facts } = play(purchase(), [
      authorised(0),
      checked(0),
      started(0),
      accepted(0, 1),
      failed(second, 1, lostOnTheWay),
      started(31 * second),
      limited(32 * second, 2, 90 * second),
      postponed(90 * second),
      started(120 * second),
      applied(121 * second, 2),
    ]);
    expect(dataOf(facts.filter(({ type }) => !type.startsWith('payment.')))).toEqual([
      ['activation.payment_confirmed', {}],
      ['activation.queued_for_activation', {}],
      ['vehicle.checked', { message: 'online' }],
      ['activation.sending_command', { attempt: 1 }],
      ['command.accepted', { attempt: 1, commandId: 'cmd_1', version: 1, expiresAt: 300 * second }],
      ['activation.waiting_response', { attempt: 1 }],
      ['activation.checking_response', { attempt: 1 }],
      ['activation.failure', { attempt: 1, failure: lostOnTheWay }],
      ['activation.evaluating_retry', { attempt: 1 }],
      ['activation.calculate_backoff', { retry: 0, delayMs: 30 * second }],
      ['activation.waiting_backoff', { until: 31 * second }],
      ['activation.sending_command', { attempt: 2 }],
      ['activation.rate_limited', { attempt: 2, retryAt: 90 * second }],
      ['activation.waiting_backoff', {}],
      ['activation.postponed', { reason: 'vehicle_busy', until: 120 * second }],
      ['activation.sending_command', { attempt: 2 }],
      ['activation.checking_response', { attempt: 2 }],
      [
        'activation.success',
        { at: 121 * second, attempt: 2, evidence: 'result', vehicleClock: 121 * second },
      ],
      ['activation.notifying_customer', {}],
      ['activation.active', { afterMs: 121 * second }],
    ]);
  });

  test('of the end: the failure, the attempts that were made, and what was found', () => {
    const { facts } = failUntilItEnds(ready('activation', { maxRetries: 0 }), lostOnTheWay);
    expect(dataOf(facts).slice(-2)).toEqual([
      ['activation.max_retries_exceeded', { attempts: 1 }],
      ['activation.querying_vehicle_state', {}],
    ]);
    const refusal = play(play(purchase(), [authorised(0)]).activation, [
      checked(0, incompatible),
      diagnosed(second),
    ]);
    expect(dataOf(refusal.facts).slice(0, 4)).toEqual([
      ['vehicle.checked', { message: 'unsupported_hardware' }],
      ['activation.failure', { failure: incompatible }],
      ['activation.querying_vehicle_state', {}],
      ['activation.escalating_to_support', { failure: incompatible, diagnostics: { status: 'read' } }],
    ]);
  });

  test('of a deadline: the failure that it is', () => {
    const late = ready('activation', { deadlineMs: 100 * second });
    const ends = [
      play(late, [started(100 * second + 1)]),
      play(late, [postponed(100 * second + 1)]),
      play(late, [started(100 * second), limited(100 * second, 1, 100 * second + 1)]),
    ];
    for (const { facts } of ends) {
      const said = facts.find(({ type }) => type === 'activation.failure')?.data.failure;
      expect(said).toMatchObject({
        category: 'deadline_exceeded',
        temporary: false,
        mayHaveSucceeded: false,
      });
    }
  });
});

describe('to the millisecond', () => {
  const late = () => ready('activation', { deadlineMs: 100 * second });
  const phaseAfter = (activation: Activation, ...events: Parameters<typeof play>[1]) =>
    play(activation, events).activation.phase;

  test('what is due at the deadline still happens', () => {
    expect(phaseAfter(late(), started(100 * second))).toBe('sending_command');
    expect(phaseAfter(late(), started(0), limited(0, 1, 100 * second))).toBe('queued_for_activation');
    expect(play(late(), [postponed(100 * second)]).activation.dueAt).toBe(100 * second + 1);
    expect(phaseAfter(late(), started(70 * second), failed(70 * second, 1, lostOnTheWay))).toBe(
      'waiting_backoff',
    );
    expect(phaseAfter(late(), started(70 * second), failed(70 * second + 1, 1, lostOnTheWay))).toBe(
      'querying_vehicle_state',
    );
  });

  test('a command that is late to expire is looked at once more, after the grace', () => {
    const { policy } = ready();
    const expired = play(ready(), [started(0), accepted(0, 1, second)]).activation;
    expect(expired.dueAt).toBe(Math.min(policy.pollEveryMs, second + policy.resultGraceMs));
    const soon = ready('activation', { pollEveryMs: 500 * second });
    expect(play(soon, [started(0), accepted(0, 1, second)]).activation.dueAt).toBe(
      second + policy.resultGraceMs,
    );
    expect(verdictOf(expired, pending((expired.dueAt ?? 0) - 1, 1))).toBe('ignored: too early');
  });

  test('a final refusal ends the open attempt of unknown outcome', () => {
    const open = play(ready(), [started(0), failed(0, 1, lostOnTheWay), started(30 * second)]).activation;
    const { attempts } = play(open, [failed(31 * second, 1, incompatible)]).activation;
    expect(attempts.map(({ endedAt, failure }) => [endedAt, failure])).toEqual([
      [0, incompatible],
      [31 * second, noResult('another attempt was refused for good meanwhile')],
    ]);
    const silent = play(ready(), [started(0), accepted(0, 1, second)]).activation;
    const endAt = second + silent.policy.resultGraceMs;
    expect(play(silent, [pending(endAt, 1)]).activation.attempts[0]?.failure).toEqual(
      noResult('no result came before the command expired'),
    );
  });

  test('an answer to an attempt that is over is ignored', () => {
    const again = play(ready(), [started(0), failed(0, 1, lostOnTheWay), started(30 * second)]).activation;
    const over = 'ignored: belongs to an attempt that is over';
    expect(verdictOf(again, limited(31 * second, 1, 90 * second))).toBe(over);
    expect(verdictOf(again, accepted(31 * second, 1))).toBe(over);
    expect(verdictOf(play(again, [accepted(31 * second, 2)]).activation, pending(32 * second, 1))).toBe(over);
  });

  test('the least and the greatest of a policy are allowed', () => {
    expect(
      policyFaults({
        maxRetries: 0,
        baseDelayMs: 1,
        maxDelayMs: 1,
        jitter: 1,
        pollEveryMs: 1,
        resultGraceMs: 0,
        deadlineMs: 1,
      }),
    ).toEqual([]);
    expect(policyFaults({ ...standardPolicy, jitter: -0.1 })).toEqual([
      'jitter must be between 0 and 1, not -0.1',
    ]);
  });
});
