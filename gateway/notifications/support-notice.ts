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
  /** Distinguishes actions of one kind: a customer may be asked two questions, and a repeated request sends one notification. */
  readonly occasion: string;
  readonly message?: string;
  readonly workshop?: string;
  /** Epoch milliseconds. */
  readonly appointmentAt?: number;
}

/**
 * Inserts the customer's notification of a technician's action, by e-mail and, with a subscription, by push, in the
 * transaction that saves the action. Returns the number of new notifications: 0 for a ticket without a customer.
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
