import type { PurchaseRow } from '../../../gateway/store/schema.ts';
import type { Evidence } from '../evidence.ts';

/**
 * Rules after the transfer of a vehicle (docs/decisions/0009-vehicle-transfers.md): its entitlements belong to the new
 * owner, no other customer cancels them, and the old owner receives no notification of later activations.
 */
export function transferViolations({ database }: Evidence): string[] {
  return database.purchases.flatMap((purchase) => {
    // Evidence of an older version has neither column.
    const { holder_id: holderId = null, transferred_at: at = null } = purchase as Partial<PurchaseRow>;
    if (holderId === null || at === null || holderId === purchase.customer_id) return [];
    const entitlements = database.entitlements.filter(({ purchase_id }) => purchase_id === purchase.id);
    const kept = entitlements.filter(
      ({ ended_at, customer_id }) => ended_at === null && customer_id !== holderId,
    );
    const cancelled = entitlements.filter(
      ({ ended_at, end_cause }) => end_cause === 'cancelled' && (ended_at ?? 0) >= at,
    );
    const told = database.notices.filter(
      (notice) =>
        notice.purchase_id === purchase.id &&
        notice.customer_id !== holderId &&
        notice.activation_id !== purchase.activation_id &&
        notice.created_at > at,
    );
    return [
      ...kept.map(
        ({ id, customer_id }) => `${id}: belongs to ${customer_id}, but the vehicle to ${holderId}`,
      ),
      ...cancelled.map(({ id }) => `${id}: cancelled after the vehicle was transferred to ${holderId}`),
      ...told.map(
        ({ id, kind }) => `${id}: ${kind} to ${purchase.customer_id} after the transfer to ${holderId}`,
      ),
    ];
  });
}
