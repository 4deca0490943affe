import type { Kysely, Transaction } from 'kysely';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema, PurchaseRow } from '../store/schema.ts';
import type { EntitlementDeps } from './deps.ts';

/** A vehicle that has another owner now. */
export interface Transfer {
  readonly vin: string;
  readonly from: string;
  readonly to: string;
}

/** The type of the line that each purchase of a transferred vehicle gets in its history. */
export const transferType = 'vehicle.transferred';

/**
 * Gives what is owned on a vehicle to its new owner (docs/decisions/0009-vehicle-transfers.md): terms stay as they are, no money
 * moves, and each purchase of the vehicle gets a line in its history.
 */
export async function transferVehicle(
  transaction: Transaction<PlatformSchema>,
  { ids }: Pick<EntitlementDeps, 'ids'>,
  { vin, from, to }: Transfer,
  at: number,
): Promise<void> {
  const purchases = await transaction
    .updateTable('purchases')
    .set({ holder_id: to, transferred_at: at })
    .where('vin', '=', vin)
    .returning(['id', 'created_at'])
    .execute();
  await transaction
    .updateTable('entitlements')
    .set({ customer_id: to })
    .where('vin', '=', vin)
    .where('ended_at', 'is', null)
    .execute();
  const inOrder = purchases.toSorted(
    (left, right) => left.created_at - right.created_at || (left.id < right.id ? -1 : 1),
  );
  const data = { vin, fromCustomerId: from, toCustomerId: to };
  const line = { activationId: null, at, type: transferType, actor: 'service', data };
  // A vehicle has some dozens of purchases; the lines of all of them fit one statement.
  await appendRecord(
    transaction,
    ids,
    inOrder.map(({ id }) => ({ ...line, purchaseId: id })),
  );
}

/** Whether another customer than the buyer owns the service of the purchase. */
export function isTransferred({
  customer_id: buyerId,
  holder_id: holderId,
}: Pick<PurchaseRow, 'customer_id' | 'holder_id'>): boolean {
  return holderId !== null && holderId !== buyerId;
}

/** Part of the history, by sequence: behind `after`, up to and with `until`. */
interface Span {
  readonly after: number;
  readonly until: number;
}

/**
 * What the buyer of a purchase reads of its history: the lines of its own activation, and those of the time in which the
 * vehicle was theirs.
 */
export interface BuyerView {
  readonly activationId: string;
  readonly spans: readonly Span[];
}

/** Resolves with the views of those of these purchases whose vehicle was ever transferred, by id; the others are read whole. */
export async function buyerViews(
  database: Kysely<PlatformSchema>,
  purchaseIds: readonly string[],
): Promise<Map<string, BuyerView>> {
  const moved = await database
    .selectFrom('purchases')
    .select(['id', 'customer_id', 'activation_id'])
    .where('id', 'in', purchaseIds)
    .where('transferred_at', 'is not', null)
    .execute();
  const views = new Map<string, BuyerView>();
  for (const { id, customer_id: buyerId, activation_id: activationId } of moved) {
    const lines = await database
      .selectFrom('record')
      .select(['seq', 'data'])
      .where('purchase_id', '=', id)
      .where('type', '=', transferType)
      .orderBy('seq')
      .execute();
    const spans: Span[] = [];
    let after: number | null = 0;
    for (const { seq, data } of lines) {
      // The line that ends their time is the last that they read.
      if (after !== null) spans.push({ after, until: seq });
      after = (JSON.parse(data) as { toCustomerId: string }).toCustomerId === buyerId ? seq - 1 : null;
    }
    if (after !== null) spans.push({ after, until: Number.MAX_SAFE_INTEGER });
    views.set(id, { activationId, spans });
  }
  return views;
}

/** Whether the buyer reads this line. */
export function isInView(
  { activationId, spans }: BuyerView,
  line: { readonly seq: number; readonly activation_id: string | null },
): boolean {
  if (line.activation_id === activationId) return true;
  return spans.some(({ after, until }) => line.seq > after && line.seq <= until);
}
