import type { Transaction } from 'kysely';
import type { Duration } from '../catalogue/service.ts';
import type { StoredActivation } from '../store/activations.ts';
import { entitlementOf } from '../store/entitlements.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { anchorOf } from './anchor.ts';
import type { EntitlementDeps } from './deps.ts';
import type { Entitlement } from './entitlement.ts';

/** Resolves with what the purchase gave and has not ended; null where there is nothing of it. */
export async function grantedBy(
  transaction: Transaction<PlatformSchema>,
  purchaseId: string,
): Promise<(Entitlement & { readonly duration: Duration }) | null> {
  const row = await transaction
    .selectFrom('entitlements as e')
    .innerJoin('purchases as p', 'p.id', 'e.purchase_id')
    .selectAll('e')
    .select('p.duration')
    .where('e.purchase_id', '=', purchaseId)
    .where('e.source', '=', 'purchase')
    .where('e.ended_at', 'is', null)
    .executeTakeFirst();
  return row ? { ...entitlementOf(row), duration: JSON.parse(row.duration) as Duration } : null;
}

async function moveEnd(
  transaction: Transaction<PlatformSchema>,
  { ids }: EntitlementDeps,
  { activation, purchaseId }: StoredActivation,
  { id, vin, feature, validFrom }: Entitlement,
  change: {
    readonly type: 'shortened' | 'restored';
    readonly at: number;
    readonly validUntil: number | null;
  },
): Promise<void> {
  const { type, at, validUntil } = change;
  await transaction
    .updateTable('entitlements')
    .set({ valid_until: validUntil })
    .where('id', '=', id)
    .execute();
  const data = { entitlementId: id, vin, feature, validFrom, validUntil };
  await appendRecord(transaction, ids, [
    { purchaseId, activationId: activation.id, at, type: `entitlement.${type}`, actor: 'engine', data },
  ]);
}

/**
 * Ends what could not be charged after the service's grace period, as its policy says; it then expires like any other term. Resolves
 * with the instant, or null where the service is kept.
 */
export async function shortenUnpaid(
  transaction: Transaction<PlatformSchema>,
  deps: EntitlementDeps,
  stored: StoredActivation,
  at: number,
): Promise<number | null> {
  const { uncollectible = 'keep' } = deps.catalogue.service(stored.activation.serviceId) ?? {};
  if (uncollectible === 'keep' || stored.purchaseId === null) return null;
  const granted = await grantedBy(transaction, stored.purchaseId);
  if (granted === null) return null;
  // A renewal that has not begun gives nothing.
  const until = Math.max(granted.validFrom, at + uncollectible.deactivateAfterMs);
  if (granted.validUntil !== null && granted.validUntil <= until) return granted.validUntil;
  await moveEnd(transaction, deps, stored, granted, { type: 'shortened', at, validUntil: until });
  return until;
}

/** Gives the whole term back to what was paid after all, unless it has ended meanwhile. */
export async function restorePaid(
  transaction: Transaction<PlatformSchema>,
  deps: EntitlementDeps,
  stored: StoredActivation,
  at: number,
): Promise<void> {
  const granted = stored.purchaseId === null ? null : await grantedBy(transaction, stored.purchaseId);
  if (granted === null) return;
  const anchorAt = await anchorOf(transaction, { ...granted, validUntil: granted.validFrom });
  const validUntil = deps.catalogue.endOf(granted.duration, granted.validFrom, anchorAt);
  if (validUntil === granted.validUntil) return;
  await moveEnd(transaction, deps, stored, granted, { type: 'restored', at, validUntil });
}
