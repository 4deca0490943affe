import type { Kysely } from 'kysely';
import { preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import { entitlementOf } from '../store/entitlements.ts';
import type { EntitlementRow, PlatformSchema } from '../store/schema.ts';
import type { Entitlement } from './entitlement.ts';

/** A feature of a vehicle. */
type VehicleFeature = Pick<Entitlement, 'vin' | 'feature'>;

const inForce = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<VehicleFeature & { readonly now: number }>) =>
    database
      .selectFrom('entitlements')
      .selectAll()
      .where('vin', '=', value('vin'))
      .where('feature', '=', value('feature'))
      .where('ended_at', 'is', null)
      .where((where) =>
        where.or([where('valid_until', 'is', null), where('valid_until', '>', value('now'))]),
      ),
);

/** Resolves with the entitlement in force for the feature; of several, the one that lasts longest. */
export async function ownedBy(
  database: Kysely<PlatformSchema>,
  { vin, feature }: VehicleFeature,
  now: number,
): Promise<Entitlement | null> {
  const { rows } = await inForce(database, { vin, feature, now });
  const until = (row: EntitlementRow) => row.valid_until ?? Number.POSITIVE_INFINITY;
  const [longest] = rows.toSorted((left, right) => until(right) - until(left));
  return longest ? entitlementOf(longest) : null;
}

const featuresInForce = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ vin: string; now: number }>) =>
    database
      .selectFrom('entitlements')
      .select(['feature', 'valid_from as validFrom'])
      .where('vin', '=', value('vin'))
      .where('ended_at', 'is', null)
      .where((where) =>
        where.or([where('valid_until', 'is', null), where('valid_until', '>', value('now'))]),
      ),
);

/** Resolves with the features of a vehicle that are owned now, and since when; a renewal that is still to come begins later. */
export async function ownedFeatures(
  database: Kysely<PlatformSchema>,
  vin: string,
  now: number,
): Promise<{ readonly feature: string; readonly validFrom: number }[]> {
  return (await featuresInForce(database, { vin, now })).rows;
}

/** Resolves with whether a later entitlement begins where this one ends: without this one it would begin after a gap. */
export async function isRenewed(
  database: Kysely<PlatformSchema>,
  { vin, feature, validUntil }: Entitlement,
): Promise<boolean> {
  if (validUntil === null) return false;
  const row = await database
    .selectFrom('entitlements')
    .select('id')
    .where('vin', '=', vin)
    .where('feature', '=', feature)
    .where('ended_at', 'is', null)
    .where('valid_from', '>=', validUntil)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Resolves with whether this purchase, or the one that the activation belongs to, was granted: in force or over. */
export async function hasGranted(
  database: Kysely<PlatformSchema>,
  by: { readonly purchaseId: string } | { readonly activationId: string },
): Promise<boolean> {
  const given = database.selectFrom('entitlements').select('entitlements.id').limit(1);
  const query =
    'purchaseId' in by
      ? given.where('purchase_id', '=', by.purchaseId)
      : given
          .innerJoin('activations', 'activations.purchase_id', 'entitlements.purchase_id')
          .where('activations.id', '=', by.activationId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Resolves with what keeps the feature on: an entitlement in force, or an open activation. */
export async function featureOwner(
  database: Kysely<PlatformSchema>,
  feature: VehicleFeature,
  now: number,
): Promise<'entitlement' | 'activation' | null> {
  if ((await ownedBy(database, feature, now)) !== null) return 'entitlement';
  const open = await database
    .selectFrom('activations')
    .select('id')
    .where('vin', '=', feature.vin)
    .where('feature', '=', feature.feature)
    .where('kind', '=', 'activation')
    .where('ended_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return open ? 'activation' : null;
}
