import { type Form, refuseUnknown } from './form.ts';
import { findIntent } from './holds.ts';
import { intentView } from './intent-view.ts';
import { judge } from './ledger-rules.ts';
import { newIntent, refuseCreation } from './new-intent.ts';
import type { IntentRow } from './schema.ts';
import { type Answer, cardDeclined, invalid, missing, refused } from './stripe-error.ts';
import { testCard } from './test-cards.ts';
import { changeIntent, declineFields, done, intentState, ok, post, type Work } from './work.ts';

/** Payments of a page unless `limit` says otherwise, and the most. */
const pageSizes = { standard: 10, most: 100 };

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
  const judgement = judge('capture', intentState(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  const { captureDecline } = testCard(intent.method) ?? {};
  if (captureDecline !== undefined) {
    // The bank has taken its promise back: nothing is held any more.
    await post(work, intent, 'voided');
    const last_error = JSON.stringify({ type: 'card_error', ...declineFields(captureDecline) });
    const changed = await changeIntent(work, intent, { status: 'requires_payment_method', last_error });
    return cardDeclined({ ...declineFields(captureDecline), payment_intent: intentView(changed) });
  }
  if (judgement.entry !== null) await post(work, intent, judgement.entry);
  return done(
    intentView(await changeIntent(work, intent, { status: judgement.status }), form.get('expand')),
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
  const judgement = judge('cancel', intentState(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  if (judgement.entry !== null) await post(work, intent, judgement.entry);
  const fields = { status: judgement.status, canceled_at: work.now, cancellation_reason: reason };
  return done(intentView(await changeIntent(work, intent, fields), form.get('expand')), intent);
}
