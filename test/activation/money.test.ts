import { expect, test } from 'vitest';
import { isKeyLapsed } from '../../gateway/activation/settlement.ts';
import {
  applied,
  authorised,
  checked,
  diagnosed,
  incompatible,
  lines,
  play,
  purchase,
  ready,
  refused,
  second,
  started,
  unanswered,
  verdictOf,
} from './support.ts';

const delivered = () => play(ready(), [started(0), applied(0, 1)]).activation;
const reversing = (capture: 'on_delivery' | 'immediately' = 'on_delivery') =>
  play(purchase(capture), [authorised(0), checked(0, incompatible), diagnosed(0)]).activation;

test('an unanswered call is made again after 1, 2, 4 … seconds up to a minute, without end', () => {
  let current = purchase();
  const waits: number[] = [];
  for (let call = 0; call < 9; call += 1) {
    const at = current.settlement?.dueAt ?? 0;
    current = play(current, [unanswered(at, 'authorise')]).activation;
    waits.push(((current.settlement?.dueAt ?? 0) - at) / second);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(current).toMatchObject({
    phase: 'awaiting_payment',
    settlement: { unanswered: 9, problem: 'no answer' },
  });
  const { activation } = play(current, [authorised(1_000 * second)]);
  expect(activation).toMatchObject({
    phase: 'queued_for_activation',
    settlement: { status: 'authorised', unanswered: 0, dueAt: null, problem: null },
  });
});

test('a declined payment ends it before anything was sent', () => {
  const { activation, facts } = play(purchase(), [refused(1 * second, 'authorise')]);
  expect(lines(facts)).toEqual(['1s payment.declined', '1s activation.declined']);
  expect(activation).toMatchObject({
    phase: 'declined',
    attempts: [],
    settlement: { status: 'declined', problem: 'card_declined: declined', paymentId: null },
  });
});

test('a capture that is declined for good leaves the service active and is shown as uncollectible', () => {
  const { activation, facts } = play(delivered(), [
    unanswered(1 * second, 'capture'),
    refused(2 * second, 'capture'),
  ]);
  expect(lines(facts)).toEqual(['1s payment.unanswered', '2s payment.uncollectible']);
  expect(activation).toMatchObject({
    phase: 'active',
    settlement: { status: 'uncollectible', dueAt: null, problem: 'card_declined: declined' },
  });
});

test.each([
  ['on_delivery', 'void', 'payment_voided', 'voided'],
  ['immediately', 'refund', 'payment_refunded', 'refunded'],
] as const)(
  '%s: a %s that is declined for good holds the notice back until somebody settles it',
  (capture, step, type, status) => {
    const { activation, facts } = play(reversing(capture), [refused(1 * second, step)]);
    expect(lines(facts)).toEqual(['1s payment.unsettled']);
    expect(activation).toMatchObject({
      phase: 'reversing_payment',
      settlement: { status: 'unsettled', dueAt: null },
    });
    const other = type === 'payment_voided' ? 'payment_refunded' : 'payment_voided';
    expect(verdictOf(activation, { type: other, at: 2 * second })).toBe(
      'ignored: nothing to settle: unsettled',
    );
    const settled = play(activation, [{ type, at: 60 * second }]);
    expect(lines(settled.facts)).toEqual([
      `60s payment.${status}`,
      '60s activation.notifying_failure',
      '60s activation.failed',
    ]);
  },
);

test('an answer that comes twice is taken once', () => {
  const { activation } = play(delivered(), [{ type: 'payment_captured', at: 0 }]);
  expect(verdictOf(activation, { type: 'payment_captured', at: 1 })).toBe(
    'ignored: nothing to settle: captured',
  );
  const waiting = play(purchase(), [authorised(0)]).activation;
  expect(verdictOf(waiting, authorised(1))).toBe('ignored: nothing to settle: authorised');
});

test('no answer about a step that is not open is taken', () => {
  expect(verdictOf(delivered(), unanswered(0, 'void'))).toBe('ignored: nothing to settle: capturing');
  expect(verdictOf(delivered(), refused(0, 'refund'))).toBe('ignored: nothing to settle: capturing');
});

test('the record shows the first, second, fourth … call without an answer, not each of a long outage', () => {
  let current = purchase();
  const shown: number[] = [];
  for (let call = 1; call <= 1_440; call += 1) {
    const outcome = play(current, [unanswered(current.settlement?.dueAt ?? 0, 'authorise')]);
    current = outcome.activation;
    if (outcome.facts.length > 0) shown.push(call);
  }
  expect(shown).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);
  expect(current.settlement?.unanswered).toBe(1_440);
});

test('a key is old 20 hours after its step was opened, and so is one of a state that does not say', () => {
  const { settlement } = delivered();
  if (settlement === null) throw new Error('no money');
  const hour = 3_600 * second;
  const at = (hours: number, one = settlement) => isKeyLapsed(one, 5 * hour, hours * hour);
  expect([at(19.99), at(20)]).toEqual([false, true]);
  const { keyedAt: _, keysLapsed: __, ...old } = settlement;
  expect([at(24.99, old), at(25, old)]).toEqual([false, true]);
});

test('a capture whose key lapsed goes on at once under the next key, and the record does not show it', () => {
  const lapsed = { type: 'payment_key_lapsed', at: 72_000 * second, step: 'capture' } as const;
  const { activation, facts } = play(delivered(), [unanswered(60 * second, 'capture'), lapsed]);
  expect(lines(facts)).toEqual(['60s payment.unanswered']);
  expect(activation).toMatchObject({
    phase: 'active',
    settlement: { status: 'capturing', keysLapsed: 1, keyedAt: lapsed.at, dueAt: lapsed.at },
  });
  expect(verdictOf(activation, { ...lapsed, step: 'void' })).toBe('ignored: nothing to settle: capturing');
  const { settlement } = play(activation, [{ type: 'payment_captured', at: lapsed.at }]).activation;
  expect(settlement).toMatchObject({ status: 'captured', keysLapsed: 0 });
});

test.each([
  ['on_delivery', 'payment_voided', 'voided'],
  ['immediately', 'payment_refunded', 'refunded'],
] as const)(
  '%s: an order that was never answered is not sent again; an operator settles what became of it',
  (capture, type, status) => {
    const { activation, facts } = play(purchase(capture), [
      { type: 'payment_key_lapsed', at: 72_000 * second, step: 'authorise' },
    ]);
    expect(lines(facts)).toEqual(['72000s payment.unsettled', '72000s activation.declined']);
    expect(activation).toMatchObject({
      phase: 'declined',
      dueAt: null,
      settlement: {
        status: 'unsettled',
        dueAt: null,
        paymentId: null,
        problem: 'the payment service never answered the order: look there for its activation_id',
      },
    });
    expect(verdictOf(activation, authorised(72_001 * second))).toBe('ignored: nothing to settle: unsettled');
    const settled = play(activation, [{ type, at: 80_000 * second }]);
    expect(lines(settled.facts)).toEqual([`80000s payment.${status}`]);
    expect(settled.activation).toMatchObject({ phase: 'declined', settlement: { status } });
  },
);
