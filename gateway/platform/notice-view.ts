import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { pageOf, type TimeCursor, timeCursor } from '../http/paging.ts';
import type { NoticeRow, PlatformSchema } from '../store/schema.ts';
import type { Owner } from './ownership.ts';

export const noticeSchema = z
  .object({
    id: z.string(),
    purchaseId: z.string(),
    activationId: z.string(),
    customerId: z.string(),
    kind: z.enum([
      'payment_confirmed',
      'activation_started',
      'activation_successful',
      'activation_failed',
      'activation_cancelled',
      'service_renewed',
      'reversal_failed',
      'reversal_settled',
      'reversal_closed',
      'capture_failed',
      'capture_settled',
      'service_cancelled',
      'payment_disputed',
      'page_link',
      'support_service_active',
      'support_workshop_visit',
      'support_workaround',
      'support_question',
    ]),
    channel: z.enum(['email', 'push']),
    status: z.enum(['waiting', 'sent', 'dead']),
    tries: z.int(),
    createdAt: z.int(),
    sentAt: z.int().nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'Notice' });
export type Notice = z.infer<typeof noticeSchema>;

/** A channel's error text is for operators. */
export function noticeResource(row: NoticeRow, owner: Owner): Notice {
  return {
    id: row.id,
    purchaseId: row.purchase_id,
    activationId: row.activation_id,
    customerId: row.customer_id,
    kind: row.kind,
    channel: row.channel,
    status: row.status,
    tries: row.tries,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    lastError: owner === null ? row.last_error : null,
  };
}

/** Returns the notifications that no channel accepted, oldest first. */
export async function listDeadNotices(
  database: Kysely<PlatformSchema>,
  limit: number,
  cursor: TimeCursor | undefined,
): Promise<{ notices: Notice[]; next: string | null }> {
  let query = database
    .selectFrom('notices')
    .selectAll()
    // Written out, so that the partial index is seen to hold all of it.
    .where(sql<boolean>`status = 'dead'`)
    .where('dropped_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit + 1);
  if (cursor !== undefined) {
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(cursor.at, cursor.id)));
  }
  const { page, next } = pageOf(await query.execute(), limit, (row) => timeCursor(row.created_at, row.id));
  return { notices: page.map((row) => noticeResource(row, null)), next };
}
