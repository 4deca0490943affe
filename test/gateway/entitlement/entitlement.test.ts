import { expect, test } from 'vitest';
import { type Entitlement, isInForce, moveEntitlement } from '../../../gateway/entitlement/entitlement.ts';

const month: Entitlement = {
  id: 'ent_1',
  vin: '11111111111111111',
  feature: 'heated_seats',
  serviceId: 'heated-seats',
  customerId: 'cus_1',
  purchaseId: 'pur_1',
  source: 'purchase',
  validFrom: 1_000,
  validUntil: 9_000,
  end: null,
};
const forEver: Entitlement = { ...month, validUntil: null };
const ended: Entitlement = { ...month, end: { at: 5_000, cause: 'cancelled' } };

/** Where an event leads, or why it changes nothing. */
function told(entitlement: Entitlement, type: 'time_passed' | 'cancelled', at: number): unknown {
  const outcome = moveEntitlement(entitlement, { type, at });
  if (outcome.verdict === 'accepted') return outcome.entitlement.end;
  expect(outcome.entitlement).toBe(entitlement);
  return outcome.reason;
}

test('ends when its time is over, not a moment before, and once', () => {
  expect(told(month, 'time_passed', 8_999)).toBe('its time is not over');
  expect(told(month, 'time_passed', 9_000)).toEqual({ at: 9_000, cause: 'expired' });
  expect(told(forEver, 'time_passed', 9_000_000)).toBe('its time is not over');
  expect(told(ended, 'time_passed', 9_000)).toBe('it has cancelled before');
});

test('is cancelled at any moment before it ends, and once', () => {
  expect(told(month, 'cancelled', 2_000)).toEqual({ at: 2_000, cause: 'cancelled' });
  expect(told(forEver, 'cancelled', 2_000)).toEqual({ at: 2_000, cause: 'cancelled' });
  expect(told(ended, 'cancelled', 6_000)).toBe('it has cancelled before');
});

test('says in its fact what has ended', () => {
  expect(moveEntitlement(month, { type: 'time_passed', at: 9_500 })).toMatchObject({
    facts: [
      {
        type: 'entitlement.expired',
        at: 9_500,
        data: {
          vin: '11111111111111111',
          feature: 'heated_seats',
          source: 'purchase',
          validFrom: 1_000,
          validUntil: 9_000,
        },
      },
    ],
  });
});

test('is in force until its end, and no longer', () => {
  const inForce = (entitlement: Entitlement) => [1_000, 8_999, 9_000].map((at) => isInForce(entitlement, at));
  expect(inForce(month)).toEqual([true, true, false]);
  expect(inForce(forEver)).toEqual([true, true, true]);
  expect(inForce(ended)).toEqual([false, false, false]);
});
