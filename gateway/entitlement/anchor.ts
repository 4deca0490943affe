import type { Kysely } from 'kysely';
import type { PlatformSchema } from '../store/schema.ts';
import type { Entitlement } from './entitlement.ts';

/** A hundred years by the month. */
const termMax = 1_200;

/** Resolves with the instant at which the row of monthly purchases began that this entitlement ends, each bought to follow the one before. */
export async function anchorOf(
  database: Kysely<PlatformSchema>,
  { vin, feature, validFrom, validUntil }: Entitlement,
): Promise<number> {
  const terms = await database
    .selectFrom('entitlements as e')
    .innerJoin('purchases as p', 'p.id', 'e.purchase_id')
    .select(['e.valid_from as validFrom', 'e.valid_until as validUntil'])
    .where('e.vin', '=', vin)
    .where('e.feature', '=', feature)
    .where('p.duration', 'like', '%"months"%')
    .orderBy('e.valid_from', 'desc')
    .limit(termMax)
    .execute();
  let anchorAt = validUntil ?? validFrom;
  for (const term of terms) if (term.validUntil === anchorAt) anchorAt = term.validFrom;
  return anchorAt;
}
