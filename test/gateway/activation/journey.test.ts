import { expect, test } from 'vitest';
import { nextDueAt } from '../../../gateway/activation/activation.ts';
import { outstanding } from '../../../gateway/activation/outstanding.ts';
import {
  accepted,
  applied,
  authorised,
  checked,
  diagnosed,
  failed,
  failUntilItEnds,
  incompatible,
  lines,
  lostOnTheWay,
  pending,
  play,
  price,
  purchase,
  ready,
  second,
  started,
  verdictOf,
} from '../../helpers/activation-events.ts';

test('a purchase without failures becomes active and is captured', () => {
  const { activation, facts } = play(purchase(), [
    authorised(1 * second),
    checked(2 * second),
    started(2 * second),
    accepted(3 * second, 1),
    pending(33 * second, 1),
    applied(34 * second, 1),
    { type: 'payment_captured', at: 35 * second },
  ]);
  expect(lines(facts)).toEqual([
    '1s payment.authorised',
    '1s activation.payment_confirmed',
    '1s activation.queued_for_activation',
    '2s vehicle.checked',
    '2s activation.sending_command',
    '3s command.accepted',
    '3s activation.waiting_response',
    '34s activation.checking_response',
    '34s activation.success',
    '34s activation.notifying_customer',
    '34s activation.active',
    '35s payment.captured',
  ]);
  expect(activation).toMatchObject({
    phase: 'active',
    delivery: { at: 34 * second, attempt: 1, evidence: 'result', vehicleClock: 34 * second },
    failure: null,
    settlement: { status: 'captured', amountMinor: price, currency: 'EUR', paymentId: 'pay_1' },
  });
  expect(nextDueAt(activation)).toBeNull();
});

test('every fact about money carries the price and the payment', () => {
  const { facts } = play(purchase(), [authorised(0), checked(0), started(0), applied(0, 1)]);
  expect(facts.filter((fact) => fact.type.startsWith('payment.'))).toEqual([
    {
      type: 'payment.authorised',
      at: 0,
      data: { paymentId: 'pay_1', holdExpiresAt: null, amountMinor: price, currency: 'EUR' },
    },
  ]);
});

test('an immediate capture is taken with the authorisation and stays on delivery', () => {
  const { activation, facts } = play(purchase('immediately'), [
    authorised(0),
    checked(0),
    started(0),
    accepted(0, 1),
    applied(1 * second, 1),
  ]);
  expect(lines(facts).slice(0, 4)).toEqual([
    '0s payment.authorised',
    '0s payment.captured',
    '0s activation.payment_confirmed',
    '0s activation.queued_for_activation',
  ]);
  expect(lines(facts).filter((line) => line.includes('payment.captured'))).toHaveLength(1);
  expect(activation.settlement).toMatchObject({ status: 'captured', dueAt: null });
});

test('an immediate capture is refunded on failure, and only then the customer is notified', () => {
  const { activation, facts } = play(purchase('immediately'), [
    authorised(0),
    checked(0, incompatible),
    diagnosed(1 * second),
    { type: 'payment_refunded', at: 9 * second },
  ]);
  expect(lines(facts).slice(4)).toEqual([
    '0s vehicle.checked',
    '0s activation.failure',
    '0s activation.querying_vehicle_state',
    '1s activation.escalating_to_support',
    '1s activation.reversing_payment',
    '9s payment.refunded',
    '9s activation.notifying_failure',
    '9s activation.failed',
  ]);
  expect(activation.settlement?.status).toBe('refunded');
});

test('every state of the specification is passed by a journey that succeeds and one that fails', () => {
  const good = play(purchase(), [
    authorised(0),
    checked(0),
    started(0),
    accepted(0, 1),
    failed(0, 1, lostOnTheWay),
    started(30 * second),
    applied(30 * second, 2),
  ]);
  const bad = failUntilItEnds(ready(), lostOnTheWay);
  const end = play(bad.activation, [
    diagnosed(1_000 * second),
    { type: 'payment_voided', at: 1_000 * second },
  ]);
  const seen = new Set([...good.facts, ...bad.facts, ...end.facts].map((fact) => fact.type));
  const states = [
    'payment_confirmed',
    'queued_for_activation',
    'sending_command',
    'waiting_response',
    'checking_response',
    'success',
    'failure',
    'evaluating_retry',
    'calculate_backoff',
    'waiting_backoff',
    'max_retries_exceeded',
    'querying_vehicle_state',
    'escalating_to_support',
    'reversing_payment',
    'notifying_failure',
    'failed',
    'notifying_customer',
    'active',
  ] as const;
  expect(states.filter((state) => !seen.has(`activation.${state}`))).toEqual([]);
});

test('what is to be done follows from the state alone, at every step of a journey', () => {
  const todo = [purchase()].flatMap((activation) => {
    const seen: string[] = [];
    let current = activation;
    const look = (now: number) =>
      seen.push(`${now / second}s ${outstanding(current, now).map(nameOf).join(' + ') || 'nothing'}`);
    const go = (...events: Parameters<typeof play>[1]) => {
      current = play(current, events).activation;
    };
    look(0);
    go(authorised(0));
    look(0);
    go(checked(0));
    look(0);
    go(started(0));
    look(0);
    go(accepted(0, 1));
    look(29 * second);
    look(30 * second);
    go(failed(30 * second, 1, lostOnTheWay));
    look(59 * second);
    look(60 * second);
    go(started(60 * second), failed(60 * second, 2, incompatible));
    look(60 * second);
    go(diagnosed(60 * second));
    look(60 * second);
    go({ type: 'payment_voided', at: 61 * second });
    look(10_000 * second);
    return seen;
  });
  expect(todo).toEqual([
    '0s authorise',
    '0s check_vehicle',
    '0s start_attempt',
    '0s send_command 1',
    '29s nothing',
    '30s poll_command 1',
    '59s nothing',
    '60s start_attempt',
    '60s read_diagnostics',
    '60s void',
    '10000s nothing',
  ]);
});

function nameOf(effect: ReturnType<typeof outstanding>[number]): string {
  if (effect.type === 'pay') return effect.step;
  return 'attempt' in effect ? `${effect.type} ${effect.attempt}` : effect.type;
}

test('after delivery only the capture is left to do', () => {
  const { activation } = play(ready(), [started(0), applied(5 * second, 1)]);
  expect(outstanding(activation, 5 * second)).toEqual([{ type: 'pay', step: 'capture' }]);
  expect(nextDueAt(activation)).toBe(5 * second);
});

test('a deactivation needs neither money nor a check, and ends dormant', () => {
  const { activation, facts } = play(ready('deactivation'), [
    started(0),
    accepted(0, 1),
    applied(2 * second, 1),
  ]);
  expect(lines(facts)).toEqual([
    '0s activation.sending_command',
    '0s command.accepted',
    '0s activation.waiting_response',
    '2s activation.checking_response',
    '2s activation.success',
    '2s activation.dormant',
  ]);
  expect(activation).toMatchObject({ phase: 'dormant', settlement: null, revocationOwed: false });
  expect(verdictOf(ready('deactivation'), checked(0))).toBe('rejected: only an activation is checked');
});

test('a deactivation that fails for good ends failed without money and without a revocation', () => {
  const { activation, facts } = failUntilItEnds(ready('deactivation'), lostOnTheWay);
  const end = play(activation, [diagnosed(930 * second)]);
  expect(facts.filter((fact) => fact.type === 'activation.sending_command')).toHaveLength(6);
  expect(lines(end.facts)).toEqual(['930s activation.escalating_to_support', '930s activation.failed']);
  expect(end.activation).toMatchObject({ phase: 'failed', revocationOwed: false });
});
