import { type Kysely, sql, type Transaction } from 'kysely';
import type { DisputeRow, PlatformSchema } from '../store/schema.ts';

/** Statuses in which an operator has something to do, or the payment service has not decided. */
export const openDisputes: readonly DisputeRow['status'][] = ['open', 'lost'];

/** Statuses in which the bank has given the amount to the customer for good. */
export const lostDisputes: readonly DisputeRow['status'][] = ['lost', 'written_off'];

/** Resolves with false when the event was taken before. */
export async function claimEvent(
  transaction: Transaction<PlatformSchema>,
  id: string,
  at: number,
): Promise<boolean> {
  const result = await transaction
    .insertInto('payment_events')
    .values({ id, at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Resolves with the dispute of an activation that is not ended, or its newest; null without one. */
export async function disputeOf(
  database: Kysely<PlatformSchema>,
  activationId: string,
): Promise<DisputeRow | null> {
  const rows = await database
    .selectFrom('disputes')
    .selectAll()
    .where('activation_id', '=', activationId)
    .orderBy('opened_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.find(({ status }) => openDisputes.includes(status)) ?? rows[0] ?? null;
}

/** Whether the bank has taken the charge of an activation back, and it was not paid by other means. */
export async function isChargeLost(database: Kysely<PlatformSchema>, activationId: string): Promise<boolean> {
  const row = await database
    .selectFrom('disputes')
    .select('id')
    .where('activation_id', '=', activationId)
    .where('status', 'in', lostDisputes)
    .executeTakeFirst();
  return row !== undefined;
}

export async function countDisputes(
  database: Kysely<PlatformSchema>,
  status: 'open' | 'lost',
): Promise<number> {
  const { count } = await database
    .selectFrom('disputes')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .where('status', '=', status)
    // The partial index holds these two; without the words it is not used.
    .where(sql<boolean>`status in ('open', 'lost')`)
    .executeTakeFirstOrThrow();
  return Number(count);
}
