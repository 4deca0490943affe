import { type Kysely, sql, type Transaction } from 'kysely';
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

/** Callbacks that are not parked, in the order in which they are due. */
export async function listDueCallbacks(
  database: Kysely<ApiIotSchema>,
  limit: number,
): Promise<CallbackRow[]> {
  return (
    database
      .selectFrom('callbacks')
      .selectAll()
      // Written out, so that SQLite sees that the partial index holds all of it.
      .where(sql<boolean>`parked_at is null`)
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit)
      .execute()
  );
}

/** Claims a due callback until an instant, by its due time; false: another process has it, or it is done with. */
export async function claimCallback(
  transaction: Transaction<ApiIotSchema>,
  { id, due_at }: Pick<CallbackRow, 'id' | 'due_at'>,
  until: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('callbacks')
    .set({ due_at: until })
    .where('id', '=', id)
    .where('due_at', '=', due_at)
    .where('parked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function postponeCallback(
  transaction: Transaction<ApiIotSchema>,
  id: string,
  { failures, dueAt, reason }: { readonly failures: number; readonly dueAt: number; readonly reason: string },
): Promise<void> {
  await transaction
    .updateTable('callbacks')
    .set({ failures, due_at: dueAt, last_error: reason })
    .where('id', '=', id)
    .execute();
}

/** Puts a callback aside for an operator. */
export async function parkCallback(
  transaction: Transaction<ApiIotSchema>,
  id: string,
  { failures, at, reason }: { readonly failures: number; readonly at: number; readonly reason: string },
): Promise<void> {
  await transaction
    .updateTable('callbacks')
    .set({ failures, parked_at: at, last_error: reason })
    .where('id', '=', id)
    .execute();
}

/** A page of parked callbacks, in the order of their ids. */
export async function listParkedCallbacks(
  database: Kysely<ApiIotSchema>,
  after: string,
  limit: number,
): Promise<CallbackRow[]> {
  return (
    database
      .selectFrom('callbacks')
      .selectAll()
      // Written out, so that SQLite sees that the partial index holds all of it.
      .where(sql<boolean>`parked_at is not null`)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute()
  );
}

async function findParked(transaction: Transaction<ApiIotSchema>, id: string): Promise<CallbackRow | null> {
  const row = await transaction
    .selectFrom('callbacks')
    .selectAll()
    .where('id', '=', id)
    .where('parked_at', 'is not', null)
    .executeTakeFirst();
  return row ?? null;
}

/** Takes a parked callback up again with all of its attempts. Resolves with it as it was; null: none with this id is parked. */
export async function replayCallback(
  transaction: Transaction<ApiIotSchema>,
  id: string,
  dueAt: number,
): Promise<CallbackRow | null> {
  const parked = await findParked(transaction, id);
  if (parked !== null)
    await transaction
      .updateTable('callbacks')
      .set({ failures: 0, due_at: dueAt, parked_at: null })
      .where('id', '=', id)
      .execute();
  return parked;
}

/** Forgets a parked callback. Resolves with it; null: none with this id is parked. */
export async function deleteParkedCallback(
  transaction: Transaction<ApiIotSchema>,
  id: string,
): Promise<CallbackRow | null> {
  const parked = await findParked(transaction, id);
  if (parked !== null) await deleteCallback(transaction, id);
  return parked;
}

export async function deleteCallback(transaction: Transaction<ApiIotSchema>, id: string): Promise<void> {
  await transaction.deleteFrom('callbacks').where('id', '=', id).execute();
}
