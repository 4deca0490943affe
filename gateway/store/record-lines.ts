import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { preparedInsert } from '../../shared/sql/prepared-query.ts';
import type { PlatformSchema } from './schema.ts';

/** One line of the record, before it has its id and its place. */
export interface RecordLine {
  readonly purchaseId: string | null;
  readonly activationId: string | null;
  readonly at: number;
  /** `purchase.created` */
  readonly type: string;
  /** `engine`, `customer`, `support:ana` */
  readonly actor: string;
  readonly data: object;
}

const insertLines = preparedInsert<PlatformSchema, 'record'>('record');

/** Appends the lines in their order. */
export async function appendRecord(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  lines: readonly RecordLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const rows = lines.map(({ purchaseId, activationId, at, type, actor, data }) => ({
    id: ids.next('rec'),
    purchase_id: purchaseId,
    activation_id: activationId,
    at,
    type,
    actor,
    data: JSON.stringify(data),
  }));
  await insertLines(transaction, rows);
}
