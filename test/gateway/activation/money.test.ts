import { describe, expect, test } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import { outstanding } from '../../../gateway/activation/outstanding.ts';
import { isKeyLapsed } from '../../../gateway/activation/settlement.ts';
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
} from '../../helpers/activation-events.ts';

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

const day = 86_400 * second;

describe.each([
  ['on_delivery', 'void', 'voiding', 'payment_voided', 'voided'],
  ['immediately', 'refund', 'refunding', 'payment_refunded', 'refunded'],
] as const)('%s: a %s that is refused for good', (capture, step, retrying, type, status) => {
  const refusedReversal = () => play(reversing(capture), [refused(1 * second, step)]);

  test('ends the activation and leaves the money to people, who have five days', () => {
    const { activation, facts } = refusedReversal();
    expect(lines(facts)).toEqual([
      '1s payment.unsettled',
      '1s activation.notifying_failure',
      '1s activation.failed',
    ]);
    expect(activation).toMatchObject({
      phase: 'failed',
      settlement: { status: 'unsettled', dueAt: null, settleBy: 1 * second + 5 * day },
    });
    expect(outstanding(activation, 100 * day)).toEqual([]);
  });

  test('is settled by a payment by other means, with its reference', () => {
    const paid = play(refusedReversal().activation, [
      {
        type: 'payment_resolved',
        at: 60 * second,
        by: 'controller',
        resolution: { kind: 'paid_back', amountMinor: 4_900, reference: 'SEPA-1' },
      },
    ]);
    expect(lines(paid.facts)).toEqual(['60s payment.paid_back', '60s payment.settled']);
    expect(paid.facts[0]?.data).toMatchObject({
      by: 'controller',
      amountMinor: 4_900,
      currency: 'EUR',
      reference: 'SEPA-1',
    });
    expect(paid.facts[1]?.data).toMatchObject({ outcome: 'paid_back', reference: 'SEPA-1' });
    expect(paid.activation).toMatchObject({ phase: 'failed', settlement: { status: 'paid_back' } });
  });

  test('is written off with who and why', () => {
    const { facts, activation } = play(refusedReversal().activation, [
      {
        type: 'payment_resolved',
        at: 60 * second,
        by: 'controller',
        resolution: { kind: 'written_off', reason: 'it came back by chargeback' },
      },
    ]);
    expect(facts[0]?.data).toMatchObject({ by: 'controller', reason: 'it came back by chargeback' });
    expect(activation.settlement?.status).toBe('written_off');
  });

  test('is asked for once more under a new key, and keeps its deadline when it is refused again', () => {
    const retried = play(refusedReversal().activation, [
      { type: 'payment_retried', at: 60 * second, by: 'controller' },
    ]);
    expect(retried.activation).toMatchObject({
      phase: 'failed',
      settlement: { status: retrying, keysLapsed: 1, dueAt: 60 * second },
    });
    const again = play(retried.activation, [refused(61 * second, step)]).activation;
    expect(again.settlement).toMatchObject({ status: 'unsettled', settleBy: 1 * second + 5 * day });
    const third = play(again, [{ type: 'payment_retried', at: 62 * second, by: 'controller' }]).activation;
    expect(third.settlement?.keysLapsed).toBe(2);
    const done = play(third, [{ type, at: 63 * second }]);
    expect(lines(done.facts)).toEqual([`63s payment.${status}`, '63s payment.settled']);
  });

  test('is not collected from the customer', () => {
    expect(
      verdictOf(refusedReversal().activation, {
        type: 'payment_resolved',
        at: 60 * second,
        by: 'controller',
        resolution: { kind: 'collected', amountMinor: 4_900, reference: 'SEPA-1' },
      }),
    ).toBe('ignored: nothing to settle: unsettled');
  });
});

test('what an older version left reversing ends once it is settled', () => {
  const { activation } = play(reversing('immediately'), [refused(1 * second, 'refund')]);
  const { settleBy: _, ...settlement } = activation.settlement ?? {};
  const old = { ...activation, phase: 'reversing_payment', settlement } as Activation;
  const { activation: after, facts } = play(old, [
    {
      type: 'payment_resolved',
      at: 60 * second,
      by: 'controller',
      resolution: { kind: 'paid_back', amountMinor: 4_900, reference: 'SEPA-1' },
    },
  ]);
  expect(after.phase).toBe('failed');
  expect(lines(facts)).toEqual([
    '60s payment.paid_back',
    '60s activation.notifying_failure',
    '60s activation.failed',
    '60s payment.settled',
  ]);
});

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

test('a capture whose key expired continues at once under the next key, and the history does not show it', () => {
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
    expect(lines(settled.facts)).toEqual([`80000s payment.${status}`, '80000s payment.settled']);
    expect(settled.activation).toMatchObject({ phase: 'declined', settlement: { status } });
  },
);
