import type { Kysely, Transaction } from 'kysely';
import type { PlatformSchema } from './schema.ts';

/** Returns how far a reader has come: of the record, the `seq` of its last line; null before its first. */
export async function readCursor(database: Kysely<PlatformSchema>, name: string): Promise<number | null> {
  const row = await database.selectFrom('cursors').select('seq').where('name', '=', name).executeTakeFirst();
  return row?.seq ?? null;
}

/** Forward only: another process may be further on. */
export async function moveCursor(
  transaction: Transaction<PlatformSchema>,
  name: string,
  seq: number,
): Promise<void> {
  await transaction
    .insertInto('cursors')
    .values({ name, seq })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ seq }).where('cursors.seq', '<', seq))
    .execute();
}

/** Sets a cursor that may also move back. */
export async function setCursor(
  transaction: Transaction<PlatformSchema>,
  name: string,
  seq: number,
): Promise<void> {
  await transaction
    .insertInto('cursors')
    .values({ name, seq })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ seq }))
    .execute();
}
