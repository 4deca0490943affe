import type { Secrets } from '../../shared/ports/secrets.ts';
import type { NoticeRow } from '../store/schema.ts';
import { type LinkSecrets, purchaseLinkMs, purchaseLinks, purchasePagePath } from './purchase-link.ts';

export interface NotificationLinks {
  /** Returns the link of a notification; the same for each try of it. Absent: notifications keep the link that they were saved with. */
  readonly linkOf?: (notice: Pick<NoticeRow, 'purchase_id' | 'customer_id' | 'created_at'>) => string;
}

/** Links to the platform's own page of a purchase; none where customers have a page elsewhere (`webUrl`). URLs end without a slash. */
export function notificationLinks(
  secrets: Pick<Secrets, 'sign' | 'equal'>,
  {
    keys,
    publicUrl,
    webUrl,
  }: { readonly keys: LinkSecrets; readonly publicUrl: string; readonly webUrl: string },
): NotificationLinks {
  if (webUrl !== publicUrl) return {};
  const links = purchaseLinks(secrets, keys);
  return {
    linkOf(notice) {
      const token = links.tokenFor({
        purchaseId: notice.purchase_id,
        customerId: notice.customer_id,
        expiresAt: notice.created_at + purchaseLinkMs,
      });
      return `${publicUrl}${purchasePagePath}/${token}`;
    },
  };
}
