import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../gateway/activation/fact.ts';
import type { Failure, FailureCategory } from '../../../gateway/activation/failure.ts';
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
  lines,
  lostOnTheWay,
  pending,
  play,
  purchase,
  ready,
  second,
  started,
  startsOf,
  verdictOf,
} from '../../helpers/activation-events.ts';

function failureOf(category: FailureCategory, temporary: boolean): Failure {
  return {
    category,
    code: category,
    message: `as in the table: ${category}`,
    temporary,
    mayHaveSucceeded: temporary,
  };
}

describe('failures that may pass', () => {
  const temporary: readonly FailureCategory[] = [
    'transient_network',
    'vehicle_offline',
    'api_iot_error',
    'timeout',
    'vehicle_not_ready',
  ];
  test.each(temporary)('%s is attempted 6 times, then escalated and reversed', (category) => {
    const { activation, facts } = failUntilItEnds(ready(), failureOf(category, true));
    expect(startsOf(activation)).toEqual([0, 30, 90, 210, 450, 930]);
    expect(lines(facts).slice(-5)).toEqual([
      '930s activation.checking_response',
      '930s activation.failure',
      '930s activation.evaluating_retry',
      '930s activation.max_retries_exceeded',
      '930s activation.querying_vehicle_state',
    ]);
    const end = play(activation, [diagnosed(930 * second), { type: 'payment_voided', at: 931 * second }]);
    expect(end.activation).toMatchObject({
      phase: 'failed',
      failure: { category },
      settlement: { status: 'voided' },
    });
    expect(end.facts.map((fact) => fact.type)).toEqual([
      'activation.escalating_to_support',
      'revocation.owed',
      'activation.reversing_payment',
      'payment.voided',
      'activation.notifying_failure',
      'activation.failed',
    ]);
  });

  test('the time that the attempts take themselves comes on top', () => {
    const { activation } = failUntilItEnds(ready(), failureOf('timeout', true), 305 * second);
    expect(startsOf(activation)).toEqual([0, 335, 700, 1_125, 1_670, 2_455]);
  });

  test('each back-off is a fact with its retry and its length', () => {
    const { facts } = failUntilItEnds(ready(), lostOnTheWay);
    const backOffs = facts.filter((fact) => fact.type === 'activation.calculate_backoff');
    expect(backOffs.map((fact) => fact.data)).toEqual(
      [30, 60, 120, 240, 480].map((delay, retry) => ({ retry, delayMs: delay * second })),
    );
  });

  test('a service without retries is attempted once', () => {
    const { activation } = failUntilItEnds(ready('activation', { maxRetries: 0 }), lostOnTheWay);
    expect(startsOf(activation)).toEqual([0]);
  });

  test('an attempt before its back-off is over is ignored, at its very moment accepted', () => {
    const { activation } = play(ready(), [started(0), failed(7 * second, 1, lostOnTheWay)]);
    expect(verdictOf(activation, started(37 * second - 1))).toBe('ignored: too early');
    expect(verdictOf(activation, started(37 * second))).toBe('accepted');
  });
});

describe('failures that stay', () => {
  const staying: readonly FailureCategory[] = [
    'invalid_configuration',
    'vehicle_incompatible',
    'authorization_failure',
    'unknown_vehicle',
  ];
  test.each(staying)('%s is attempted once and escalated at once', (category) => {
    const { activation, facts } = play(ready(), [
      started(0),
      failed(1 * second, 1, failureOf(category, false)),
      diagnosed(2 * second),
      { type: 'payment_voided', at: 3 * second },
    ]);
    expect(lines(facts)).toEqual([
      '0s activation.sending_command',
      '1s activation.checking_response',
      '1s activation.failure',
      '1s activation.evaluating_retry',
      '1s activation.querying_vehicle_state',
      '2s activation.escalating_to_support',
      '2s activation.reversing_payment',
      '3s payment.voided',
      '3s activation.notifying_failure',
      '3s activation.failed',
    ]);
    expect(activation).toMatchObject({ phase: 'failed', revocationOwed: false, failure: { category } });
    expect(activation.attempts).toHaveLength(1);
  });

  test('a vehicle found incompatible by the check is never attempted', () => {
    const { activation, facts } = play(purchase(), [
      authorised(0),
      checked(1 * second, incompatible),
      diagnosed(2 * second),
    ]);
    expect(facts.filter((fact) => fact.type === 'activation.sending_command')).toEqual([]);
    expect(activation).toMatchObject({
      phase: 'reversing_payment',
      attempts: [],
      revocationOwed: false,
      failure: { category: 'vehicle_incompatible' },
    });
  });
});

describe('rate limited', () => {
  test('costs no retry: the attempt is removed and made later under its own number', () => {
    const once = play(ready(), [started(0), limited(1 * second, 1, 600 * second)]);
    expect(once.activation).toMatchObject({
      phase: 'queued_for_activation',
      attempts: [],
      dueAt: 600 * second,
    });
    expect(lines(once.facts).slice(1)).toEqual([
      '1s activation.rate_limited',
      '1s activation.queued_for_activation',
    ]);
    expect(verdictOf(once.activation, started(600 * second - 1))).toBe('ignored: too early');
    const { activation } = failUntilItEnds(once.activation, lostOnTheWay);
    expect(startsOf(activation)).toEqual([600, 630, 690, 810, 1_050, 1_530]);
  });

  test('between two attempts leaves the earlier ones as they are', () => {
    const { activation } = play(ready(), [
      started(0),
      failed(0, 1, lostOnTheWay),
      started(30 * second),
      limited(30 * second, 2, 90 * second),
    ]);
    expect(activation).toMatchObject({ phase: 'waiting_backoff', dueAt: 90 * second });
    expect(activation.attempts.map((attempt) => attempt.number)).toEqual([1]);
  });

  const asked = (facts: readonly Fact[]) =>
    facts.filter(({ type }) => type === 'activation.rate_limited').map(({ data }) => data);

  test.each([500 * second, 500 * second + 1, 999_999_999 * second])(
    'until %i ms, at the deadline or after it, waits for one more attempt before the deadline, with a fact',
    (retryAt) => {
      const waiting = play(ready('activation', { deadlineMs: 500 * second }), [
        started(0),
        limited(1 * second, 1, retryAt),
      ]);
      expect(waiting.activation).toMatchObject({ phase: 'queued_for_activation', dueAt: 499 * second });
      expect(asked(waiting.facts)).toEqual([{ attempt: 1, retryAt, until: 499 * second }]);
      const { activation, facts } = play(waiting.activation, [
        started(499 * second),
        limited(499 * second, 1, retryAt),
        diagnosed(499 * second),
      ]);
      expect(lines(facts).slice(1, 4)).toEqual([
        '499s activation.rate_limited',
        '499s activation.failure',
        '499s activation.querying_vehicle_state',
      ]);
      expect(activation).toMatchObject({
        phase: 'reversing_payment',
        failure: { category: 'deadline_exceeded', mayHaveSucceeded: false },
        revocationOwed: false,
      });
    },
  );

  test.each([0, -3_600 * second])(
    'that asks for no wait (%i ms) waits at least a second, and twice as long each time in a row',
    (waitMs) => {
      let { activation } = play(ready(), [started(0)]);
      const waits: number[] = [];
      for (let at = 0, times = 0; times < 12; times += 1) {
        const outcome = play(activation, [limited(at, 1, at + waitMs)]);
        const dueAt = outcome.activation.dueAt ?? 0;
        expect(asked(outcome.facts)).toEqual([{ attempt: 1, retryAt: at + waitMs, until: dueAt }]);
        waits.push((dueAt - at) / second);
        at = dueAt;
        activation = play(outcome.activation, [started(at)]).activation;
      }
      expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
      const taken = play(activation, [accepted(activation.dueAt ?? 0, 1)]).activation;
      expect(taken.rateLimits).toBe(0);
    },
  );

  test('without a deadline waits a day at the most', () => {
    const { activation } = play(ready('revocation'), [started(0), limited(0, 1, 999_999_999 * second)]);
    expect(activation.dueAt).toBe(24 * 3_600 * second - second);
  });

  test('a result for a removed attempt is accepted: another worker had sent it', () => {
    const { activation } = play(ready(), [
      started(0),
      limited(1 * second, 1, 600 * second),
      applied(5 * second, 1),
    ]);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 1 } });
    expect(activation.attempts).toHaveLength(1);
  });

  test('a result for it after the failure owes a revocation', () => {
    const { activation } = play(ready('activation', { deadlineMs: 1_500 }), [
      started(0),
      limited(1 * second, 1, 501 * second),
      diagnosed(1 * second),
      applied(2 * second, 1),
    ]);
    expect(activation).toMatchObject({ revocationOwed: true, lateSuccessAt: 2 * second });
  });
});

describe('no result', () => {
  test('is asked for until the command and the grace are over, then the outcome is unknown', () => {
    const polls: number[] = [];
    let current = play(ready(), [started(0), accepted(0, 1)]).activation;
    while (current.phase === 'waiting_response') {
      const at = current.dueAt ?? 0;
      polls.push(at / second);
      current = play(current, [pending(at, 1)]).activation;
    }
    expect(polls).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 305]);
    expect(current).toMatchObject({
      phase: 'waiting_backoff',
      dueAt: 335 * second,
      failure: { category: 'timeout', code: 'no_result', temporary: true, mayHaveSucceeded: true },
    });
  });

  test('asked too early changes nothing', () => {
    const { activation } = play(ready(), [started(0), accepted(0, 1)]);
    expect(verdictOf(activation, pending(29 * second, 1))).toBe('ignored: too early');
  });
});
