import { expect, test } from 'vitest';
import {
  applied,
  authorised,
  failed,
  lines,
  lostOnTheWay,
  play,
  purchase,
  ready,
  second,
  started,
  verdictOf,
} from '../../helpers/activation-events.ts';

const owned = (at: number) => ({ type: 'feature_owned', at }) as const;

test('a purchase of what its customer owns is active without a command, and the money is taken', () => {
  const { activation, facts } = play(ready(), [owned(second), { type: 'payment_captured', at: 2 * second }]);
  expect(activation).toMatchObject({
    phase: 'active',
    attempts: [],
    delivery: { at: second, attempt: null, evidence: 'entitlement', vehicleClock: null },
    settlement: { status: 'captured' },
  });
  expect(lines(facts)).toEqual([
    '1s activation.renewed',
    '1s activation.notifying_customer',
    '1s activation.active',
    '2s payment.captured',
  ]);
});

test('what was paid at once stays so, and what costs nothing moves nothing', () => {
  const paid = play(purchase('immediately'), [authorised(0), owned(second)]).activation;
  expect([paid.phase, paid.settlement?.status]).toEqual(['active', 'captured']);
  const free = play({ ...ready(), settlement: null }, [owned(second)]).activation;
  expect([free.phase, free.settlement]).toEqual(['active', null]);
});

test('may come between two attempts, not while one is under way, and once', () => {
  const between = play(ready(), [started(0), failed(second, 1, lostOnTheWay)]).activation;
  const { activation } = play(between, [owned(2 * second)]);
  expect(activation).toMatchObject({ phase: 'active', failure: null, delivery: { attempt: null } });
  expect(verdictOf(play(ready(), [started(0)]).activation, owned(0))).toBe(
    'ignored: nothing to do in sending_command',
  );
  expect(verdictOf(activation, owned(3 * second))).toBe('ignored: nothing to do in active');
  expect(verdictOf(activation, applied(3 * second, 1))).toBe('ignored: nothing to do in active');
});
