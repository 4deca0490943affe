import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { LifeNoticeKind, PlatformSchema } from '../store/schema.ts';
import type { NoticeData } from './notice-data.ts';
import { insertRows, type NoticeSettings, noticeData, readOrder } from './notice-insertion.ts';

/**
 * Inserts the notification that an active service ended, once per entitlement, or that its payment is disputed, once per
 * dispute, in the transaction that saves either. Returns the number of new notifications.
 */
export async function insertLifeNotice(
  transaction: Transaction<PlatformSchema>,
  deps: { readonly ids: Ids; readonly settings: NoticeSettings },
  activationId: string,
  notice: {
    readonly kind: LifeNoticeKind;
    readonly at: number;
    /** The entitlement or the dispute. */
    readonly occasion: string;
    readonly data?: Partial<NoticeData>;
  },
): Promise<number> {
  const order = await readOrder(transaction, activationId);
  if (order === undefined) return 0;
  const { kind, at, occasion, data = {} } = notice;
  const rows = (['email', 'push'] as const).map((channel) => ({
    kind,
    channel,
    at,
    occasion,
    data: { ...noticeData(order, { kind, channel, at }, deps.settings), ...data },
  }));
  return insertRows(transaction, deps.ids, order, activationId, rows);
}
