import { expect, test } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import {
  accepted,
  applied,
  diagnosed,
  failed,
  failUntilItEnds,
  incompatible,
  lines,
  lostOnTheWay,
  pending,
  play,
  ready,
  refusedBeforehand,
  second,
  started,
  verdictOf,
} from '../../helpers/activation-events.ts';

/** Attempt 1 sent and its result lost. */
const resultLost = () => play(ready(), [started(0), accepted(0, 1), pending(305 * second, 1)]).activation;
/** Six attempts without an answer. */
const exhausted = () => failUntilItEnds(ready(), lostOnTheWay).activation;
const failedForGood = (): Activation =>
  play(exhausted(), [diagnosed(931 * second), { type: 'payment_voided', at: 932 * second }]).activation;

test('a lost result is found at attempt 2, which the vehicle answers as already active', () => {
  const { activation } = play(resultLost(), [
    started(335 * second),
    accepted(336 * second, 2),
    applied(337 * second, 2),
  ]);
  expect(activation).toMatchObject({
    phase: 'active',
    delivery: { attempt: 2 },
    settlement: { status: 'capturing' },
  });
  expect(activation.attempts.map((attempt) => attempt.failure?.code ?? null)).toEqual(['no_result', null]);
});

test('a late result while the activation waits is its success', () => {
  const { activation, facts } = play(resultLost(), [applied(320 * second, 1)]);
  expect(lines(facts)).toEqual([
    '320s activation.checking_response',
    '320s activation.success',
    '320s activation.notifying_customer',
    '320s activation.active',
  ]);
  expect(activation.attempts).toMatchObject([{ number: 1, endedAt: 305 * second, failure: null }]);
});

test('a late result of attempt 1 while attempt 2 is under way is the success, and attempt 2 ends with it', () => {
  const { activation } = play(resultLost(), [
    started(335 * second),
    accepted(336 * second, 2),
    applied(337 * second, 1),
  ]);
  expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 1 } });
  expect(activation.attempts.map((attempt) => attempt.endedAt)).toEqual([305 * second, 337 * second]);
  expect(verdictOf(activation, applied(338 * second, 2))).toBe('ignored: nothing to do in active');
});

test('a result before the acceptance was heard is the success all the same', () => {
  const { activation } = play(ready(), [started(0), applied(1 * second, 1)]);
  expect(activation.phase).toBe('active');
  expect(verdictOf(activation, accepted(1 * second, 1))).toBe('ignored: nothing to do in active');
});

test('a late refusal for good ends it, though another attempt is in flight that may still apply', () => {
  const { activation } = play(resultLost(), [
    started(335 * second),
    accepted(335 * second, 2),
    failed(340 * second, 1, incompatible),
  ]);
  expect(activation).toMatchObject({
    phase: 'querying_vehicle_state',
    failure: incompatible,
    attempts: [
      { number: 1, endedAt: 305 * second, failure: incompatible },
      { number: 2, endedAt: 340 * second, failure: { code: 'no_result', mayHaveSucceeded: true } },
    ],
  });
  const end = play(activation, [diagnosed(341 * second)]);
  expect(end.activation.revocationOwed).toBe(true);
});

test('a temporary failure of an attempt that is over changes nothing', () => {
  const { activation } = play(resultLost(), [started(335 * second)]);
  expect(verdictOf(activation, failed(336 * second, 1, lostOnTheWay))).toBe(
    'ignored: belongs to an attempt that is over',
  );
  expect(verdictOf(activation, accepted(336 * second, 1))).toBe(
    'ignored: belongs to an attempt that is over',
  );
  expect(verdictOf(resultLost(), failed(306 * second, 1, lostOnTheWay))).toBe(
    'ignored: belongs to an attempt that is over',
  );
});

test('diagnostics that prove delivery are believed before any money moves back', () => {
  const { activation, facts } = play(exhausted(), [diagnosed(931 * second, 4)]);
  expect(activation).toMatchObject({
    phase: 'active',
    delivery: { attempt: 4, evidence: 'reported_state', vehicleClock: null },
    settlement: { status: 'capturing' },
    revocationOwed: false,
  });
  expect(lines(facts)).toEqual([
    '931s activation.checking_response',
    '931s activation.success',
    '931s activation.notifying_customer',
    '931s activation.active',
  ]);
});

test('a result while the vehicle is asked once more is believed as well', () => {
  expect(play(exhausted(), [applied(931 * second, 6)]).activation.phase).toBe('active');
});

test('a result of an attempt that was never made is rejected', () => {
  expect(verdictOf(exhausted(), applied(931 * second, 7))).toBe('rejected: there is no attempt 7');
  expect(verdictOf(exhausted(), diagnosed(931 * second, 7))).toBe('rejected: there is no attempt 7');
  expect(verdictOf(ready(), applied(0, 2))).toBe('rejected: there is no attempt 2');
  const sending = play(ready(), [started(0)]).activation;
  expect(verdictOf(sending, applied(0, 2))).toBe('rejected: there is no attempt 2');
  expect(verdictOf(failedForGood(), applied(940 * second, 7))).toBe('rejected: there is no attempt 7');
});

test('a result after the decision changes neither phase nor money: it is noted once', () => {
  const reversing = play(exhausted(), [diagnosed(931 * second)]).activation;
  const { activation, facts } = play(reversing, [
    applied(931 * second, 6),
    { type: 'payment_voided', at: 932 * second },
  ]);
  expect(lines(facts)).toEqual([
    '931s activation.late_success',
    '932s payment.voided',
    '932s activation.notifying_failure',
    '932s activation.failed',
  ]);
  expect(activation).toMatchObject({ phase: 'failed', delivery: null, lateSuccessAt: 931 * second });
  expect(verdictOf(activation, applied(940 * second, 5))).toBe('ignored: noted before');
});

test('an unexpected late success starts a revocation', () => {
  const never = play(failUntilItEnds(ready(), refusedBeforehand).activation, [
    diagnosed(931 * second),
    { type: 'payment_voided', at: 932 * second },
  ]).activation;
  expect(never.revocationOwed).toBe(false);
  const { activation, facts } = play(never, [applied(2_000 * second, 3)]);
  expect(facts).toEqual([
    { type: 'activation.late_success', at: 2_000 * second, data: { attempt: 3 } },
    { type: 'revocation.owed', at: 2_000 * second, data: {} },
  ]);
  expect(activation).toMatchObject({
    phase: 'failed',
    revocationOwed: true,
    settlement: { status: 'voided' },
  });
});

test('an activation without payment keeps its required revocation, and requires it once', () => {
  const free: Activation = { ...ready(), settlement: null };
  const { activation, facts } = play(failUntilItEnds(free, lostOnTheWay).activation, [
    diagnosed(931 * second),
    applied(940 * second, 2),
  ]);
  expect(lines(facts)).toEqual([
    '931s activation.escalating_to_support',
    '931s revocation.owed',
    '931s activation.failed',
    '940s activation.late_success',
  ]);
  expect(activation.revocationOwed).toBe(true);
});

test('a late answer to a deactivation that failed is no success of anything', () => {
  const ended = play(failUntilItEnds(ready('deactivation'), lostOnTheWay).activation, [
    diagnosed(931 * second),
  ]);
  expect(verdictOf(ended.activation, applied(940 * second, 1))).toBe(
    'ignored: a late answer to an ended deactivation',
  );
});
