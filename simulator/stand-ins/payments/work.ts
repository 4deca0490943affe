import type { Kysely } from 'kysely';
import type { Ids } from '../../../shared/ports/ids.ts';
import { type EntryKind, movements } from './ledger-rules.ts';
import type { IntentRow, PaymentsStandInSchema } from './schema.ts';
import type { Answer } from './stripe-error.ts';
import { answerDelayMs, type Decline } from './test-cards.ts';

/** One request at work: everything it changes is in one transaction with its idempotency key. */
export interface Work {
  /** The transaction, or for a request that only reads, the reader. */
  readonly transaction: Kysely<PaymentsStandInSchema>;
  readonly ids: Ids;
  readonly now: number;
  readonly key: string | null;
}

export const ok = (body: unknown): Answer => ({ status: 200, body, kept: true });

/** Answer of a successful step; the card decides its delay. */
export const done = (body: unknown, { method }: IntentRow): Answer => ({
  ...ok(body),
  delayMs: answerDelayMs(method),
});

/** Our identifier with Stripe's prefix. */
export const stripeId = (prefix: string, id: string) => `${prefix}_${id.slice(id.indexOf('_') + 1)}`;

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

export async function changeIntent(
  work: Work,
  intent: IntentRow,
  fields: Partial<IntentRow>,
): Promise<IntentRow> {
  await work.transaction.updateTable('payment_intents').set(fields).where('id', '=', intent.id).execute();
  return { ...intent, ...fields };
}

export const intentState = (intent: IntentRow) => ({
  status: intent.status,
  refunded: intent.refunded === 1,
  holdExpiresAt: intent.hold_expires_at,
});

export const declineFields = (decline: Decline) => ({
  code: decline.code,
  decline_code: decline.declineCode,
  message: decline.message,
});
