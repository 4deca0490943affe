import type { Kysely, Transaction } from 'kysely';
import type { Shard } from '../shard.ts';
import type { ApiIotSchema, ProcessRow } from './schema.ts';

export async function listProcesses(database: Kysely<ApiIotSchema>): Promise<ProcessRow[]> {
  return database.selectFrom('processes').selectAll().orderBy('shard').execute();
}

/** Forgets a process as it was read; one that has shown since that it runs stays. */
export async function deleteProcess(
  transaction: Transaction<ApiIotSchema>,
  { shard, owner, beat }: ProcessRow,
): Promise<void> {
  await transaction
    .deleteFrom('processes')
    .where('shard', '=', shard)
    .where('owner', '=', owner)
    .where('beat', '=', beat)
    .execute();
}

/** False: another process of this shard is known. */
export async function insertProcess(
  transaction: Transaction<ApiIotSchema>,
  { index, of }: Shard,
  owner: string,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('processes')
    .values({ shard: index, shards: of, owner, beat: 0 })
    .onConflict((conflict) => conflict.column('shard').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Shows that a process runs; false: another one has taken its shard. */
export async function beatProcess(
  transaction: Transaction<ApiIotSchema>,
  { index }: Shard,
  owner: string,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('processes')
    .set((row) => ({ beat: row('beat', '+', 1) }))
    .where('shard', '=', index)
    .where('owner', '=', owner)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function releaseProcess(
  transaction: Transaction<ApiIotSchema>,
  { index }: Shard,
  owner: string,
): Promise<void> {
  await transaction.deleteFrom('processes').where('shard', '=', index).where('owner', '=', owner).execute();
}
