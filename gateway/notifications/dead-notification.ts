import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { NoticeRow, PlatformSchema } from '../store/schema.ts';

/** Who acts on a dead notification, and when. `actor` as the history names it: `operator:CLIENT`. */
export interface OperatorAction {
  readonly actor: string;
  readonly at: number;
}

/**
 * Sends a dead notification again from its first try on, or drops it from the operator's list, and writes that to the purchase's
 * history. Resolves with the row as it stands now, or null: there is no dead notification with this id.
 */
export async function actOnDeadNotification(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  id: string,
  action: 'resend' | 'drop',
  { actor, at }: OperatorAction,
): Promise<NoticeRow | null> {
  const change =
    action === 'resend'
      ? { status: 'waiting' as const, due_at: at, tries: 0, claimed_until: null }
      : { dropped_at: at };
  const row = await transaction
    .updateTable('notices')
    .set(change)
    .where('id', '=', id)
    .where(sql<boolean>`status = 'dead'`)
    .where('dropped_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  const { purchase_id: purchaseId, activation_id: activationId, kind, channel } = row;
  const type = action === 'resend' ? 'notice.resent' : 'notice.dropped';
  await appendRecord(transaction, ids, [
    { purchaseId, activationId, at, type, actor, data: { noticeId: id, kind, channel } },
  ]);
  return row;
}
