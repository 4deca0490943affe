import { type Form, missingParameter, refuseUnknown } from './form.ts';
import { findIntent } from './holds.ts';
import type { DisputeRow, IntentRow } from './schema.ts';
import { type Answer, missing, refused } from './stripe-error.ts';
import { post, type Work } from './work.ts';

export type DisputeEventType = 'charge.dispute.created' | 'charge.dispute.closed';

/** A dispute as Stripe shows it, of the fields that exist here. */
export interface DisputeView {
  readonly id: string;
  readonly status: DisputeRow['status'];
}

function disputeView(dispute: DisputeRow, intent: IntentRow): DisputeView & Record<string, unknown> {
  return {
    id: dispute.id,
    object: 'dispute',
    amount: intent.amount,
    charge: intent.charge_id,
    created: Math.floor(dispute.created_at / 1000),
    currency: intent.currency,
    livemode: false,
    payment_intent: intent.id,
    reason: dispute.reason,
    status: dispute.status,
  };
}

const ok = (body: unknown): Answer => ({ status: 200, body, kept: true });

/** POST /v1/test_helpers/disputes, which Stripe does not have: the customer's bank takes a payment back. */
export async function createDispute(work: Work, form: Form): Promise<Answer> {
  const unknown = refuseUnknown(form, ['payment_intent', 'reason']);
  if (unknown !== null) return unknown;
  const paymentIntent = form.get('payment_intent');
  if (!paymentIntent) return missingParameter('payment_intent');
  const intent = await findIntent(work, paymentIntent);
  if (intent === null) return missing('payment_intent', paymentIntent, 'payment_intent');
  if (intent.status !== 'succeeded' || intent.refunded === 1)
    return refused({ code: 'charge_not_disputable', message: `Nothing of ${intent.id} is charged.` });
  const known = await work.transaction
    .selectFrom('disputes')
    .selectAll()
    .where('payment_intent', '=', intent.id)
    .executeTakeFirst();
  if (known !== undefined)
    return refused({ code: 'charge_disputed', message: `${intent.id} is disputed by ${known.id}.` });
  const dispute: DisputeRow = {
    id: `dp_${work.ids.next('trn').slice(4)}`,
    payment_intent: intent.id,
    reason: form.get('reason') ?? 'fraudulent',
    status: 'needs_response',
    created_at: work.now,
  };
  await work.transaction.insertInto('disputes').values(dispute).execute();
  await post(work, intent, 'disputed');
  return ok(disputeView(dispute, intent));
}

/** POST /v1/disputes/{id}/close accepts it, as at Stripe; POST /v1/test_helpers/disputes/{id}/win, which Stripe does not have, rejects it. */
export async function endDispute(work: Work, id: string, status: 'won' | 'lost'): Promise<Answer> {
  const dispute = await work.transaction
    .selectFrom('disputes')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  const intent = dispute && (await findIntent(work, dispute.payment_intent));
  if (dispute === undefined || !intent) return missing('dispute', id);
  if (dispute.status !== 'needs_response')
    return refused({ code: 'dispute_closed', message: `The dispute ${id} is ${dispute.status}.` });
  await work.transaction.updateTable('disputes').set({ status }).where('id', '=', id).execute();
  if (status === 'won') await post(work, intent, 'dispute_won');
  return ok(disputeView({ ...dispute, status }, intent));
}
