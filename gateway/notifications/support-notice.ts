import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import type { PlatformSchema, SupportNoticeKind } from '../store/schema.ts';
import type { NoticeData } from './notice-data.ts';
import { insertRows, type NoticeSettings, noticeData, readOrder } from './notice-insertion.ts';

/** What a technician's act tells the customer, beside what the order says. */
export interface SupportNotice {
  readonly kind: SupportNoticeKind;
  readonly at: number;
  readonly ticketId: string;
  /** Tells this act from others of its kind: a customer may be asked twice, and a repeat of one act is told once. */
  readonly occasion: string;
  readonly message?: string;
  readonly workshop?: string;
  /** Epoch milliseconds. */
  readonly appointmentAt?: number;
}

/**
 * Tells the customer of a ticket by e-mail, and by push where there is a subscription, in the transaction that saves the act.
 * Returns how many notices are new: 0 where no purchase names a customer.
 */
export async function insertSupportNotice(
  transaction: Transaction<PlatformSchema>,
  deps: { readonly ids: Ids; readonly settings: NoticeSettings },
  activationId: string,
  notice: SupportNotice,
): Promise<number> {
  const order = await readOrder(transaction, activationId);
  if (order === undefined) return 0;
  const { kind, at, occasion, ticketId, message, workshop, appointmentAt } = notice;
  const said: Partial<NoticeData> = {
    ticketId,
    ...(message === undefined ? {} : { message }),
    ...(workshop === undefined ? {} : { workshop }),
    ...(appointmentAt === undefined ? {} : { appointment: isoText(appointmentAt) }),
  };
  const rows = (['email', 'push'] as const).map((channel) => ({
    kind,
    channel,
    at,
    occasion,
    data: { ...noticeData(order, { kind, channel, at }, deps.settings), ...said },
  }));
  return insertRows(transaction, deps.ids, order, activationId, rows);
}
