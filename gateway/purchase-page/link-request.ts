import { insertLifeNotice } from '../notifications/life-notice.ts';
import type { PlatformDeps } from '../platform/deps.ts';
import type { SignedLink } from './purchase-link.ts';

const dayMs = 86_400_000;

/**
 * Sends the customer whose expired link this is a new one, as a notification: at most one a day for a purchase. Sends nothing
 * where the purchase is not theirs any more, or their personal data was erased; the holder of the link does not learn which.
 */
export async function sendNewLink(
  { database, clock, ids, desk }: Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'desk'>,
  link: SignedLink,
): Promise<void> {
  const purchase = await database.reader
    .selectFrom('purchases')
    .select(['activation_id', 'customer_id'])
    .where('id', '=', link.purchaseId)
    .executeTakeFirst();
  if (purchase === undefined || !link.isFor(purchase.customer_id)) return;
  const at = clock.now();
  const inserted = await database.write((transaction) =>
    insertLifeNotice(transaction, { ids, settings: desk.notices }, purchase.activation_id, {
      ...{ kind: 'page_link', at, occasion: `day ${Math.floor(at / dayMs)}` },
    }),
  );
  if (inserted > 0) desk.onRecorded();
}
