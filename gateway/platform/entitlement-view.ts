import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Entitlement } from '../entitlement/entitlement.ts';
import { entitlementOf } from '../store/entitlements.ts';
import type { PlatformSchema } from '../store/schema.ts';

export const entitlementSchema = z
  .object({
    id: z.string(),
    source: z.enum(['purchase', 'goodwill']),
    validFrom: z.int(),
    validUntil: z.int().nullable().meta({ description: 'Null: permanent' }),
    end: z
      .object({ at: z.int(), cause: z.enum(['expired', 'cancelled']) })
      .nullable()
      .meta({ description: 'Null as long as it has not ended' }),
  })
  .meta({ id: 'Entitlement' });
export type EntitlementView = z.infer<typeof entitlementSchema>;

export function entitlementView({ id, source, validFrom, validUntil, end }: Entitlement): EntitlementView {
  return { id, source, validFrom, validUntil, end };
}

/** The newest entitlement of each purchase; support may have given a second one. */
export async function entitlementsOf(
  database: Kysely<PlatformSchema>,
  purchaseIds: readonly string[],
): Promise<Map<string, Entitlement>> {
  if (purchaseIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('entitlements')
    .selectAll()
    .where('purchase_id', 'in', purchaseIds)
    .orderBy('purchase_id')
    .orderBy('valid_from')
    .orderBy('id')
    .execute();
  return new Map(rows.map((row) => [row.purchase_id ?? '', entitlementOf(row)]));
}
