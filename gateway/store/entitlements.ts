import type { Kysely, Transaction } from 'kysely';
import { preparedByCount, type ValueOf } from '../../shared/sql/prepared-query.ts';
import type { Entitlement } from '../entitlement/entitlement.ts';
import type { Overdue } from './activations.ts';
import type { EntitlementRow, PlatformSchema } from './schema.ts';
import { StaleRow } from './stale-row.ts';

export function entitlementOf(row: EntitlementRow): Entitlement {
  return {
    id: row.id,
    vin: row.vin,
    feature: row.feature,
    serviceId: row.service_id,
    customerId: row.customer_id,
    purchaseId: row.purchase_id,
    source: row.source,
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    // One that ended before causes were kept has expired: nothing else could end it.
    end: row.ended_at === null ? null : { at: row.ended_at, cause: row.end_cause ?? 'expired' },
  };
}

export async function insertEntitlement(
  transaction: Transaction<PlatformSchema>,
  entitlement: Entitlement,
): Promise<void> {
  const { id, vin, feature, source } = entitlement;
  await transaction
    .insertInto('entitlements')
    .values({
      id,
      vin,
      feature,
      service_id: entitlement.serviceId,
      customer_id: entitlement.customerId,
      purchase_id: entitlement.purchaseId,
      source,
      valid_from: entitlement.validFrom,
      valid_until: entitlement.validUntil,
      ended_at: entitlement.end?.at ?? null,
      end_cause: entitlement.end?.cause ?? null,
    })
    .execute();
}

export async function loadEntitlement(
  database: Kysely<PlatformSchema>,
  id: string,
): Promise<Entitlement | null> {
  const row = await database.selectFrom('entitlements').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? entitlementOf(row) : null;
}

/** Saves the end of one that had none. Throws `StaleRow` when another process ended it first. */
export async function saveEnd(
  transaction: Transaction<PlatformSchema>,
  { id, end }: Pick<Entitlement, 'id' | 'end'>,
): Promise<void> {
  const result = await transaction
    .updateTable('entitlements')
    .set({ ended_at: end?.at ?? null, end_cause: end?.cause ?? null })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleRow(`the entitlement ${id} was ended by another process`);
}

/** Keeps others from ending it before this transaction commits. Throws `StaleRow` when it has ended. */
export async function lockEntitlement(
  transaction: Transaction<PlatformSchema>,
  { id, end }: Entitlement,
): Promise<void> {
  await saveEnd(transaction, { id, end });
}

const overdue = preparedByCount(
  (
    database: Kysely<PlatformSchema>,
    value: ValueOf<{ before: number; from: number; afterId: string }>,
    limit,
  ) =>
    database
      .selectFrom('entitlements')
      .select(['id', 'valid_until'])
      .where('ended_at', 'is', null)
      .where('valid_until', '<=', value('before'))
      // The first condition is what the index can use.
      .where('valid_until', '>=', value('from'))
      .where((where) =>
        where.or([where('valid_until', '>', value('from')), where('id', '>', value('afterId'))]),
      )
      .orderBy('valid_until')
      .orderBy('id')
      .limit(limit),
);

/** A page of those whose time is over and that have not ended yet, the longest overdue first. */
export async function overdueEntitlements(
  database: Kysely<PlatformSchema>,
  before: number,
  after: Overdue | null,
  limit: number,
): Promise<Overdue[]> {
  const values = { before, from: after?.dueAt ?? 0, afterId: after?.id ?? '' };
  const { rows } = await overdue(limit)(database, values);
  return rows.map((row) => ({ id: row.id, dueAt: row.valid_until ?? 0 }));
}
