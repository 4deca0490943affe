import { expect, test } from 'vitest';
import { differenceOf } from '../../../gateway/restore/difference.ts';

const payment = {
  paymentId: 'pi_1',
  status: 'captured',
  amountMinor: 1490,
  currency: 'EUR',
} as const;
const settlement = {
  status: 'authorised',
  capture: 'on_delivery',
  amountMinor: 1490,
  currency: 'EUR',
  method: 'pm_card_visa',
  paymentId: 'pi_1',
  unanswered: 0,
  dueAt: null,
  problem: null,
} as const;

type Books = Parameters<typeof differenceOf>[0];
type There = 'authorised' | 'captured' | 'voided' | 'refunded' | 'declined' | null;

const differenceWith = (
  phase: Books['phase'],
  ours: Partial<NonNullable<Books['settlement']>>,
  there: There,
  changes: Partial<Parameters<typeof differenceOf>[1]> = {},
) =>
  differenceOf({ phase, settlement: { ...settlement, ...ours } }, { ...payment, status: there, ...changes });

test.each([
  ['awaiting_payment', { status: 'authorising', paymentId: null }, 'authorised', 'authorised_there'],
  ['awaiting_payment', { status: 'authorising', paymentId: null }, 'captured', 'authorised_there'],
  ['awaiting_payment', { status: 'authorising', paymentId: null }, 'voided', 'reversed_there'],
  ['awaiting_payment', { status: 'authorising', paymentId: null }, 'declined', null],
  ['queued_for_activation', {}, 'authorised', null],
  ['queued_for_activation', {}, 'captured', 'captured_there'],
  ['queued_for_activation', {}, 'voided', 'reversed_there'],
  ['queued_for_activation', { status: 'captured' }, 'captured', null],
  ['queued_for_activation', { status: 'captured' }, 'refunded', 'reversed_there'],
  ['active', { status: 'captured' }, 'captured', null],
  ['active', { status: 'captured' }, 'refunded', 'refunded_there'],
  // The engine has a step open, and asks the payment service by itself.
  ['active', { status: 'capturing' }, 'captured', null],
  ['reversing_payment', { status: 'voiding' }, 'voided', null],
  ['cancelled', { status: 'voided' }, 'voided', null],
  ['cancelled', { status: 'voided' }, 'authorised', 'held_there'],
  ['failed', { status: 'refunded' }, 'captured', 'held_there'],
  ['declined', { status: 'unsettled', paymentId: null }, 'authorised', 'held_there'],
  ['failed', { status: 'unsettled' }, 'captured', null],
  ['failed', { status: 'paid_back' }, 'captured', null],
  ['queued_for_activation', {}, null, null],
] as const)('%s, %j here and %s there: %s', (phase, ours, there, expected) => {
  expect(differenceWith(phase, ours, there)).toBe(expected);
});

test('names a second payment that holds money, and another amount or currency', () => {
  expect(differenceWith('active', { status: 'captured' }, 'authorised', { paymentId: 'pi_2' })).toBe(
    'held_there',
  );
  expect(differenceWith('active', { status: 'captured' }, 'voided', { paymentId: 'pi_2' })).toBe(null);
  expect(differenceWith('active', { status: 'captured' }, 'captured', { amountMinor: 1 })).toBe(
    'amount_differs',
  );
  expect(differenceWith('active', { status: 'captured' }, 'captured', { currency: 'USD' })).toBe(
    'amount_differs',
  );
});
