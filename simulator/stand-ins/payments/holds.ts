import type { Kysely } from 'kysely';
import { hasLapsed } from './ledger-rules.ts';
import type { IntentRow, PaymentsStandInSchema } from './schema.ts';
import { changeIntent, intentState, post, type Work } from './work.ts';

/** An expired hold is released at its expiry, without a request. */
async function lapse(work: Work, intent: IntentRow): Promise<IntentRow> {
  const at = intent.hold_expires_at ?? work.now;
  await post(work, intent, 'voided', at, null);
  return changeIntent(work, intent, {
    status: 'canceled',
    canceled_at: at,
    cancellation_reason: 'automatic',
  });
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
  return hasLapsed(intentState(intent), work.now) ? lapse(work, intent) : intent;
}
