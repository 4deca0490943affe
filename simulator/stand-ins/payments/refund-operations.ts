import { type Form, missingParameter, refuseUnknown } from './form.ts';
import { findIntent } from './holds.ts';
import { refundView } from './intent-view.ts';
import { judge } from './ledger-rules.ts';
import type { IntentRow, RefundRow } from './schema.ts';
import { type Answer, missing, refused } from './stripe-error.ts';
import { testCard } from './test-cards.ts';
import { changeIntent, done, intentState, ok, post, stripeId, type Work } from './work.ts';

/** How long `pm_card_pendingRefund` stays pending. */
const pendingRefundMs = 5_000;

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
  const judgement = judge('refund', intentState(intent));
  if (!judgement.ok) return refused({ code: judgement.code, message: judgement.message });
  const refund = newRefund(work, intent);
  await work.transaction.insertInto('refunds').values(refund).execute();
  if (refund.status !== 'failed') {
    if (judgement.entry !== null) await post(work, intent, judgement.entry);
    await changeIntent(work, intent, { refunded: 1 });
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
