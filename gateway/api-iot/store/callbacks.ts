import type { Kysely, Transaction } from 'kysely';
import type { ApiIotSchema, CallbackRow } from './schema.ts';

export async function insertCallback(
  transaction: Transaction<ApiIotSchema>,
  callback: CallbackRow,
): Promise<void> {
  await transaction
    .insertInto('callbacks')
    .values(callback)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Callbacks in the order in which they are due. */
export async function listCallbacks(database: Kysely<ApiIotSchema>, limit: number): Promise<CallbackRow[]> {
  return database.selectFrom('callbacks').selectAll().orderBy('due_at').orderBy('id').limit(limit).execute();
}

export async function postponeCallback(
  transaction: Transaction<ApiIotSchema>,
  id: string,
  failures: number,
  dueAt: number,
): Promise<void> {
  await transaction.updateTable('callbacks').set({ failures, due_at: dueAt }).where('id', '=', id).execute();
}

export async function deleteCallback(transaction: Transaction<ApiIotSchema>, id: string): Promise<void> {
  await transaction.deleteFrom('callbacks').where('id', '=', id).execute();
}
