import type { Transaction } from 'kysely';
import type { Duration } from '../catalogue/service.ts';
import type { StoredActivation } from '../store/activations.ts';
import { insertEntitlement, lockEntitlement } from '../store/entitlements.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';
import { anchorOf } from './anchor.ts';
import type { EntitlementDeps } from './deps.ts';
import type { Entitlement } from './entitlement.ts';
import { hasGranted, ownedBy } from './ownership.ts';

/**
 * Grants what the customer bought, from now on or from the end of what they renew. Grants nothing without a purchase, and no
 * goodwill where the purchase was granted before. Resolves with whether the feature is owned now.
 */
export async function grantEntitlement(
  transaction: Transaction<PlatformSchema>,
  { ids, catalogue }: EntitlementDeps,
  { activation, purchaseId }: StoredActivation,
  at: number,
  source: Entitlement['source'],
): Promise<boolean> {
  // A reactivation of what is owned grants nothing new.
  if (source === 'goodwill' && (await ownedBy(transaction, activation, at)) !== null) return true;
  if (purchaseId === null) return false;
  if (source === 'goodwill' && (await hasGranted(transaction, { purchaseId }))) return false;
  const purchase = await transaction
    .selectFrom('purchases')
    .select(['customer_id', 'holder_id', 'duration'])
    .where('id', '=', purchaseId)
    .executeTakeFirstOrThrow();
  const { validFrom, renewed } = await beginOf(transaction, activation, at);
  const anchorAt = renewed === null ? validFrom : await anchorOf(transaction, renewed);
  await insertEntitlement(transaction, {
    id: ids.next('ent'),
    vin: activation.vin,
    feature: activation.feature,
    serviceId: activation.serviceId,
    // It stays with the vehicle, also where that was transferred while it was activated.
    customerId: purchase.holder_id ?? purchase.customer_id,
    purchaseId,
    source,
    validFrom,
    validUntil: catalogue.endOf(JSON.parse(purchase.duration) as Duration, validFrom, anchorAt),
    end: null,
  });
  return true;
}

/** Resolves with when the entitlement begins, and with what it renews: a renewal begins where that one ends. */
async function beginOf(
  transaction: Transaction<PlatformSchema>,
  activation: StoredActivation['activation'],
  at: number,
): Promise<{ readonly validFrom: number; readonly renewed: Entitlement | null }> {
  if (activation.delivery?.evidence !== 'entitlement') return { validFrom: at, renewed: null };
  const renewed = await ownedBy(transaction, activation, at);
  // It was owned a moment ago. Decided again, this is an activation like any other.
  if (renewed === null) throw new StaleRow(`${activation.id} renews what has ended`);
  await lockEntitlement(transaction, renewed);
  return { validFrom: renewed.validUntil ?? at, renewed };
}
