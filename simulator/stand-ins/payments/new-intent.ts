import { isCurrency } from '../../../shared/protocol/currencies.ts';
import { type Form, missingParameter, refuseUnknown } from './form.ts';
import { holdMs } from './ledger-rules.ts';
import type { IntentRow } from './schema.ts';
import { type Answer, invalid, missing } from './stripe-error.ts';
import { type TestCard, testCard } from './test-cards.ts';
import { stripeId, type Work } from './work.ts';

/** The largest amount that Stripe takes: eight digits. */
const amountMax = 99_999_999;
const metadataMax = 500;

const createParameters = [
  'allowed_payment_method_types',
  'amount',
  'capture_method',
  'confirm',
  'currency',
  'customer',
  'description',
  'error_on_requires_action',
  'expand',
  'payment_method',
];

export function refuseCreation(form: Form): Answer | null {
  const unknown = refuseUnknown(form, createParameters);
  if (unknown !== null) return unknown;
  for (const name of ['amount', 'currency', 'payment_method']) {
    if (!form.get(name)) return missingParameter(name);
  }
  const amount = form.get('amount') ?? '';
  if (!/^\d{1,12}$/.test(amount)) {
    const message = `Invalid integer: ${amount.slice(0, 64)}`;
    return invalid({ code: 'parameter_invalid_integer', message, param: 'amount' });
  }
  if (Number(amount) < 1) {
    const message = 'This value must be greater than or equal to 1.';
    return invalid({ code: 'parameter_invalid_integer', message, param: 'amount' });
  }
  if (Number(amount) > amountMax) {
    const message = 'Amount must be no more than 999,999.99.';
    return invalid({ code: 'amount_too_large', message, param: 'amount' });
  }
  if (!/^[a-z]{3}$/.test(form.get('currency') ?? '')) {
    const message = `Invalid currency: ${(form.get('currency') ?? '').slice(0, 64)}`;
    return invalid({ message, param: 'currency' });
  }
  const currency = (form.get('currency') ?? '').toUpperCase();
  if (!isCurrency(currency)) {
    return invalid({ message: `Invalid currency: ${currency.toLowerCase()}`, param: 'currency' });
  }
  if (!['manual', 'automatic'].includes(form.get('capture_method') ?? 'automatic')) {
    const message = 'Invalid capture_method: must be one of automatic or manual';
    return invalid({ message, param: 'capture_method' });
  }
  if (form.get('confirm') !== 'true') {
    return invalid({ message: 'This stand-in confirms at once: send confirm=true.', param: 'confirm' });
  }
  for (const [param, value] of form) {
    if (!param.startsWith('metadata[') || value.length <= metadataMax) continue;
    return invalid({ message: `Metadata values can have up to ${metadataMax} characters.`, param });
  }
  const method = form.get('payment_method') ?? '';
  const card = testCard(method);
  if (!card) return missing('PaymentMethod', method.slice(0, 64), 'payment_method', 400);
  return refuseSaved(card, form.get('customer'));
}

/** A saved payment method goes with its customer alone; one that was used without a customer goes no second time. */
function refuseSaved({ customer, usedBefore = false }: TestCard, given: string | undefined): Answer | null {
  if (usedBefore) {
    const message =
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.';
    return invalid({ message });
  }
  if (customer === undefined || customer === given) return null;
  const message =
    given === undefined
      ? `The PaymentMethod belongs to the Customer ${customer}. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`
      : `The PaymentMethod does not belong to the Customer you supplied ${given.slice(0, 64)}. Please use this PaymentMethod with the Customer that it belongs to instead.`;
  return invalid({ message });
}

export function newIntent(work: Work, form: Form): IntentRow {
  const id = work.ids.next('pay');
  const manual = form.get('capture_method') === 'manual';
  return {
    id: stripeId('pi', id),
    charge_id: stripeId('ch', id),
    amount: Number(form.get('amount')),
    currency: form.get('currency') ?? '',
    status: manual ? 'requires_capture' : 'succeeded',
    refunded: 0,
    method: form.get('payment_method') ?? '',
    capture_method: manual ? 'manual' : 'automatic',
    activation_id: form.get('metadata[activation_id]') ?? '',
    epoch: form.get('metadata[epoch]') ?? '',
    metadata: JSON.stringify(metadataOf(form)),
    description: form.get('description') ?? '',
    created_at: work.now,
    hold_expires_at: manual ? work.now + holdMs : null,
    canceled_at: null,
    cancellation_reason: null,
    last_error: null,
  };
}

/** All `metadata[…]` of a form, by key. */
function metadataOf(form: Form): Record<string, string> {
  return Object.fromEntries(
    [...form].flatMap(([name, value]) => {
      const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
      return key === undefined ? [] : [[key, value]];
    }),
  );
}
