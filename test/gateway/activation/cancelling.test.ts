import { expect, test } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import { nextDueAt } from '../../../gateway/activation/activation.ts';
import {
  accepted,
  applied,
  authorised,
  cancelled,
  checked,
  diagnosed,
  failed,
  incompatible,
  limited,
  lines,
  lostOnTheWay,
  play,
  purchase,
  ready,
  refusedBeforehand,
  second,
  started,
  switchOff,
  verdictOf,
} from '../../helpers/activation-events.ts';

const voided = (at: number) => ({ type: 'payment_voided', at }) as const;

/** Where an activation stands, with its money and whether the vehicle is to be asked to switch off. */
function stand({ phase, settlement, revocationOwed }: Activation): string {
  return `${phase} ${settlement?.status ?? 'free'}${revocationOwed ? ' revoked' : ''}`;
}

test('before a command is sent the hold is released at once, and then the customer is notified', () => {
  const { activation, facts } = play(purchase(), [authorised(0), checked(0), cancelled(2 * second)]);
  expect(stand(activation)).toBe('reversing_payment voiding');
  const end = play(activation, [voided(3 * second)]);
  expect(stand(end.activation)).toBe('cancelled voided');
  expect(nextDueAt(end.activation)).toBe(null);
  expect(lines([...facts.slice(-2), ...end.facts])).toEqual([
    '2s activation.cancel_requested',
    '2s activation.reversing_payment',
    '3s payment.voided',
    '3s activation.cancelled',
  ]);
});

test('what was paid at once is refunded', () => {
  const { activation } = play(purchase('immediately'), [authorised(0), cancelled(second)]);
  expect(stand(activation)).toBe('reversing_payment refunding');
});

test('during the payment request the cancellation is saved, and the payment is reversed as soon as it is made', () => {
  const asked = play(purchase(), [cancelled(0)]).activation;
  expect(stand(asked)).toBe('awaiting_payment authorising');
  const { activation, facts } = play(asked, [authorised(second)]);
  expect(stand(activation)).toBe('reversing_payment voiding');
  expect(lines(facts)).toEqual([
    '1s payment.authorised',
    '1s activation.payment_confirmed',
    '1s activation.reversing_payment',
  ]);
});

test('a command in progress may still deliver: then the service is active and the cancellation has no effect', () => {
  for (const underWay of [[started(0)], [started(0), accepted(0, 1)]]) {
    const wished = play(ready(), [...underWay, cancelled(second)]).activation;
    expect(stand(wished)).toMatch(/^(sending_command|waiting_response) authorised$/);
    expect(stand(play(wished, [applied(2 * second, 1)]).activation)).toBe('active capturing');
  }
});

test('a command in progress that fails is the last one, and no ticket is opened', () => {
  const wished = play(ready(), [started(0), accepted(0, 1), cancelled(second)]).activation;
  const never = play(wished, [failed(2 * second, 1, refusedBeforehand)]);
  expect(stand(never.activation)).toBe('reversing_payment voiding');
  expect(stand(play(wished, [failed(2 * second, 1, incompatible)]).activation)).toBe(
    'reversing_payment voiding',
  );
  const perhaps = play(wished, [failed(2 * second, 1, lostOnTheWay), diagnosed(3 * second)]);
  expect(stand(perhaps.activation)).toBe('reversing_payment voiding revoked');
  expect(perhaps.facts.map(({ type }) => type)).not.toContain('activation.escalating_to_support');
});

test('between two attempts the vehicle is asked first: what it has applied has won', () => {
  const between = play(ready(), [started(0), failed(second, 1, lostOnTheWay), cancelled(2 * second)]);
  expect(stand(between.activation)).toBe('querying_vehicle_state authorised');
  expect(stand(play(between.activation, [diagnosed(3 * second, 1)]).activation)).toBe('active capturing');
  expect(stand(play(between.activation, [diagnosed(3 * second)]).activation)).toBe(
    'reversing_payment voiding revoked',
  );
});

test('an attempt that is removed after 429 ends it', () => {
  const { activation } = play(ready(), [started(0), cancelled(second), limited(2 * second, 1, 60 * second)]);
  expect(stand(activation)).toBe('reversing_payment voiding');
});

test('a vehicle that applies it after the decision gets a revocation', () => {
  const over = play(ready(), [started(0), failed(second, 1, lostOnTheWay), cancelled(second)]).activation;
  const gone = play(over, [diagnosed(2 * second), voided(3 * second), applied(4 * second, 1)]);
  expect(stand(gone.activation)).toBe('cancelled voided revoked');
  expect(lines(gone.facts).slice(-1)).toEqual(['4s activation.late_success']);
});

test('is too late once it is decided, and asked for once', () => {
  const querying = play(ready(), [started(0), failed(0, 1, incompatible)]).activation;
  expect(verdictOf(querying, cancelled(0))).toBe('ignored: nothing to do in querying_vehicle_state');
  const wished = play(ready(), [started(0), cancelled(0)]).activation;
  expect(verdictOf(wished, cancelled(second))).toBe('ignored: asked for before');
  const queued = play(purchase(), [authorised(0), cancelled(0)]).activation;
  expect(verdictOf(queued, cancelled(second))).toBe('ignored: nothing to do in reversing_payment');
  expect(verdictOf(switchOff('deactivation'), cancelled(0))).toBe(
    'rejected: only an activation is cancelled',
  );
});

test('a manual retry, which has no payment, ends at once', () => {
  const { activation } = play({ ...ready(), settlement: null, origin: 'support' }, [cancelled(second)]);
  expect(stand(activation)).toBe('cancelled free');
});
