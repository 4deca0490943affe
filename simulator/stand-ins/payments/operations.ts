import type { Kysely } from 'kysely';
import type { Ids } from '../../../shared/ports/ids.ts';
import { isCurrency } from '../../../shared/protocol/currencies.ts';
import { type Form, missingParameter, refuseUnknown } from './form.ts';
import { intentView, refundView } from './intent-view.ts';
import { type EntryKind, hasLapsed, holdMs, judge, movements } from './ledger-rules.ts';
import type { IntentRow, PaymentsStandInSchema, RefundRow } from './schema.ts';
import { type Answer, cardDeclined, invalid, missing, refused } from './stripe-error.ts';
import { answerDelayMs, type Decline, type TestCard, testCard } from './test-cards.ts';

/** One request at work: everything it changes is in one transaction with its idempotency key. */
export interface Work {
  /** The transaction, or for a request that only reads, the reader. */
  readonly transaction: Kysely<PaymentsStandInSchema>;
  readonly ids: Ids;
  readonly now: number;
  readonly key: string | null;
}

/** How long `pm_card_pendingRefund` stays pending. */
const pendingRefundMs = 5_000;
/** The largest amount that Stripe takes: eight digits. */
const amountMax = 99_999_999;
const metadataMax = 500;
/** Payments of a page unless `limit` says otherwise, and the most. */
const pageSizes = { standard: 10, most: 100 };

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

const ok = (body: unknown): Answer => ({ status: 200, body, kept: true });

/** Answer of a successful step; the card decides its delay. */
const done = (body: unknown, { method }: IntentRow): Answer => ({
  ...ok(body),
  delayMs: answerDelayMs(method),
});

/** Our identifier with Stripe's prefix. */
const stripeId = (prefix: string, id: string) => `${prefix}_${id.slice(id.indexOf('_') + 1)}`;

export function post(work: Work, intent: IntentRow, kind: EntryKind, at = work.now, key = work.key) {
  const { from, to } = movements[kind];
  return work.transaction
    .insertInto('ledger_entries')
    .values({
      at,
      kind,
      from_account: from,
      to_account: to,
      amount: intent.amount,
      currency: intent.currency.toUpperCase(),
      payment_intent: intent.id,
      activation_id: intent.activation_id,
      key,
    })
    .execute();
}

async function change(work: Work, intent: IntentRow, fields: Partial<IntentRow>): Promise<IntentRow> {
  await work.transaction.updateTable('payment_intents').set(fields).where('id', '=', intent.id).execute();
  return { ...intent, ...fields };
}

const stateOf = (intent: IntentRow) => ({
  status: intent.status,
  refunded: intent.refunded === 1,
  holdExpiresAt: intent.hold_expires_at,
});

/** An expired hold is released at its expiry, without a request. */
async function lapse(work: Work, intent: IntentRow): Promise<IntentRow> {
  const at = intent.hold_expires_at ?? work.now;
  await post(work, intent, 'voided', at, null);
  return change(work, intent, { status: 'canceled', canceled_at: at, cancellation_reason: 'automatic' });
}

/** Holds released in one transaction. */
const lapseMax = 1_000;

/** Holds that have lapsed and are not yet released, the earliest first, at most 1,000. */
export function findLapsed(reader: Kysely<PaymentsStandInSchema>, now: number): Promise<IntentRow[]> {
  return reader
    .selectFrom('payment_intents')
    .selectAll()
    .where('status', '=', 'requires_capture')
    .where('hold_expires_at', '<=', now)
    .orderBy('hold_expires_at')
    .limit(lapseMax)
    .execute();
}

/** Releases what `findLapsed` finds. */
export async function lapseHolds(work: Work): Promise<void> {
  for (const intent of await findLapsed(work.transaction, work.now)) await lapse(work, intent);
}

export async function findIntent(work: Work, id: string): Promise<IntentRow | null> {
  const intent = await work.transaction
    .selectFrom('payment_intents')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (intent === undefined) return null;
  return hasLapsed(stateOf(intent), work.now) ? lapse(work, intent) : intent;
}

function refuseCreation(form: Form): Answer | null {
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

function newIntent(work: Work, form: Form): IntentRow {
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

const declineFields = (decline: Decline) => ({
  code: decline.code,
  decline_code: decline.declineCode,
  message: decline.message,
});

/** POST /v1/payment_intents: makes a PaymentIntent and confirms it, which holds or takes the amount or is declined. */
export async function createIntent(work: Work, form: Form): Promise<Answer> {
  const refusal = refuseCreation(form);
  if (refusal !== null) return refusal;
  const planned = newIntent(work, form);
  const { decline } = testCard(planned.method) ?? {};
  const intent: IntentRow =
    decline === undefined
      ? planned
      : {
          ...planned,
          status: 'requires_payment_method',
          hold_expires_at: null,
          last_error: JSON.stringify({ type: 'card_error', ...declineFields(decline) }),
        };
  await work.transaction.insertInto('payment_intents').values(intent).execute();
  if (decline !== undefined) {
    return cardDeclined({ ...declineFields(decline), payment_intent: intentView(intent) });
  }
  await post(work, intent, intent.capture_method === 'manual' ? 'authorised' : 'charged');
  return done(intentView(intent, form.get('expand')), intent);
}

/** GET /v1/payment_intents/{id}. */
export async function readIntent(work: Work, id: string, form: Form): Promise<Answer> {
  const intent = await findIntent(work, id);
  return intent === null ? missing('payment_intent', id) : ok(intentView(intent, form.get('expand')));
}

/** GET /v1/payment_intents: a page of all payments, newest first. */
export async function listIntents(work: Work, form: Form): Promise<Answer> {
  const unknown = refuseUnknown(form, ['limit', 'starting_after', 'expand']);
  if (unknown !== null) return unknown;
  const limit = Number(form.get('limit') ?? pageSizes.standard);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > pageSizes.most)
    return invalid({ message: `Invalid integer: ${form.get('limit')?.slice(0, 64)}`, param: 'limit' });
  const last = form.get('starting_after');
  const from = last === undefined ? null : await findIntent(work, last);
  if (last !== undefined && from === null) return missing('payment_intent', last, 'starting_after', 400);
  let select = work.transaction
    .selectFrom('payment_intents')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (from !== null)
    select = select.where((where) =>
      where.or([
        where('created_at', '<', from.created_at),
        where.and([where('created_at', '=', from.created_at), where('id', '<', from.id)]),
      ]),
    );
  const rows = await select.execute();
  const expand = form.get('expand') === 'data.latest_charge' ? 'latest_charge' : undefined;
  const data = rows.slice(0, limit).map((row) => intentView(row, expand));
  return ok({ object: 'list', url: '/v1/payment_intents', has_more: rows.length > limit, data });
}

/** POST /v1/payment_intents/{id}/capture: takes the whole hold. */
export async function captureIntent(work: Work, id: string, form: Form): Promise<Answer> {
  const unknown = refuseUnknown(form, ['expand']);
  if (unknown !== null) return unknown;
  const intent = await findIntent(work, id);
  if (intent === null) return missing('payment_intent', id);
  const judgement = judge('capture', stateOf(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  const { captureDecline } = testCard(intent.method) ?? {};
  if (captureDecline !== undefined) {
    // The bank has taken its promise back: nothing is held any more.
    await post(work, intent, 'voided');
    const last_error = JSON.stringify({ type: 'card_error', ...declineFields(captureDecline) });
    const changed = await change(work, intent, { status: 'requires_payment_method', last_error });
    return cardDeclined({ ...declineFields(captureDecline), payment_intent: intentView(changed) });
  }
  if (judgement.entry !== null) await post(work, intent, judgement.entry);
  return done(
    intentView(await change(work, intent, { status: judgement.status }), form.get('expand')),
    intent,
  );
}

const cancellationReasons = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'];

/** POST /v1/payment_intents/{id}/cancel: releases the hold. */
export async function cancelIntent(work: Work, id: string, form: Form): Promise<Answer> {
  const unknown = refuseUnknown(form, ['expand', 'cancellation_reason']);
  if (unknown !== null) return unknown;
  const reason = form.get('cancellation_reason') ?? null;
  if (reason !== null && !cancellationReasons.includes(reason)) {
    const message = `Invalid cancellation_reason: must be one of ${cancellationReasons.join(', ')}`;
    return invalid({ message, param: 'cancellation_reason' });
  }
  const intent = await findIntent(work, id);
  if (intent === null) return missing('payment_intent', id);
  const judgement = judge('cancel', stateOf(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  if (judgement.entry !== null) await post(work, intent, judgement.entry);
  const fields = { status: judgement.status, canceled_at: work.now, cancellation_reason: reason };
  return done(intentView(await change(work, intent, fields), form.get('expand')), intent);
}

function newRefund(work: Work, intent: IntentRow): RefundRow {
  const { refund } = testCard(intent.method) ?? {};
  return {
    id: stripeId('re', work.ids.next('trn')),
    payment_intent: intent.id,
    amount: intent.amount,
    status: refund === 'fails' ? 'failed' : (refund ?? 'succeeded'),
    failure_reason: refund === 'fails' ? 'expired_or_canceled_card' : null,
    created_at: work.now,
    settles_at: refund === 'pending' ? work.now + pendingRefundMs : null,
  };
}

/** POST /v1/refunds: refunds the whole capture. A failed refund changes nothing and may be repeated. */
export async function createRefund(work: Work, form: Form): Promise<Answer> {
  const unknown = refuseUnknown(form, ['expand', 'payment_intent', 'reason']);
  if (unknown !== null) return unknown;
  const id = form.get('payment_intent');
  if (!id) return missingParameter('payment_intent');
  const intent = await findIntent(work, id);
  if (intent === null) return missing('payment_intent', id, 'payment_intent');
  const disputed = await refuseDisputed(work, intent);
  if (disputed !== null) return disputed;
  const judgement = judge('refund', stateOf(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  const refund = newRefund(work, intent);
  await work.transaction.insertInto('refunds').values(refund).execute();
  if (refund.status !== 'failed') {
    if (judgement.entry !== null) await post(work, intent, judgement.entry);
    await change(work, intent, { refunded: 1 });
  }
  return done(refundView(refund, intent.currency, work.now), intent);
}

/** A charge that is disputed, or was lost in a dispute, cannot be refunded as well. */
async function refuseDisputed(work: Work, { id }: IntentRow): Promise<Answer | null> {
  const dispute = await work.transaction
    .selectFrom('disputes')
    .select('status')
    .where('payment_intent', '=', id)
    .executeTakeFirst();
  if (dispute === undefined || dispute.status === 'won') return null;
  const message = `The charge of ${id} has been charged back; it cannot be refunded.`;
  return refused({ code: 'charge_disputed', message });
}

/** GET /v1/refunds/{id}. */
export async function readRefund(work: Work, id: string): Promise<Answer> {
  const refund = await work.transaction
    .selectFrom('refunds')
    .innerJoin('payment_intents', 'payment_intents.id', 'refunds.payment_intent')
    .selectAll('refunds')
    .select('payment_intents.currency')
    .where('refunds.id', '=', id)
    .executeTakeFirst();
  return refund === undefined ? missing('refund', id) : ok(refundView(refund, refund.currency, work.now));
}
