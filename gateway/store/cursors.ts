import type { Kysely, Transaction } from 'kysely';
import { preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import type { PlatformSchema } from './schema.ts';

const position = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ name: string }>) =>
  database.selectFrom('cursors').select('seq').where('name', '=', value('name')),
);

const moveForward = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ name: string; seq: number }>) =>
    database
      .insertInto('cursors')
      .values({ name: value('name'), seq: value('seq') })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ seq: value('seq') })
          .where('cursors.seq', '<', value('seq')),
      ),
);

/** Returns how far a reader has come: of the record, the `seq` of its last line; null before its first. */
export async function readCursor(database: Kysely<PlatformSchema>, name: string): Promise<number | null> {
  const { rows } = await position(database, { name });
  return rows[0]?.seq ?? null;
}

/** Forward only: another process may be further on. */
export async function moveCursor(
  transaction: Transaction<PlatformSchema>,
  name: string,
  seq: number,
): Promise<void> {
  await moveForward(transaction, { name, seq });
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
