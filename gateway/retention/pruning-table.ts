import { type Kysely, sql, type Transaction } from 'kysely';
import { type Dialect, sqlWords } from '../sql/migration.ts';

/** The table that an app's own schema includes: `interface MySchema extends PruningSchema { … }`. */
export interface PruningSchema {
  pruning: {
    /** `turn`; a guarded table; a guarded table and `.newest`. */
    name: string;
    /** The instant of the next turn; the instant before which rows may go; the key of the newest row that is gone. */
    value: number;
  };
}

/** Creates the table; for a migration of the app's own schema. */
export async function createPruningTable<Schema>(database: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  await sql`create table pruning (name text not null primary key, value ${long} not null) ${keyed}`.execute(
    database,
  );
  await sql`insert into pruning (name, value) values ('turn', 0)`.execute(database);
}

/** A schema that includes ours can be used as ours; Kysely's types are invariant and do not allow it. */
export function asPruning<Schema extends PruningSchema>(
  transaction: Transaction<Schema>,
): Transaction<PruningSchema> {
  return transaction as unknown as Transaction<PruningSchema>;
}

/**
 * Takes the turn for `holdMs`, so that one process at a time walks the tables. Resolves with the instant at which the turn is free
 * again, and whether it is this process's until then. `held` is the instant until which it already had it.
 */
export async function takeTurn(
  transaction: Transaction<PruningSchema>,
  { now, holdMs, held }: { readonly now: number; readonly holdMs: number; readonly held: number | null },
): Promise<{ readonly isOurs: boolean; readonly until: number }> {
  const row = await transaction
    .selectFrom('pruning')
    .select('value')
    .where('name', '=', 'turn')
    .executeTakeFirstOrThrow();
  // A clock that was set back must not make everyone wait for an instant that is far away.
  const isFree = row.value <= now || row.value > now + 2 * holdMs || row.value === held;
  if (!isFree) return { isOurs: false, until: row.value };
  const until = now + holdMs;
  await transaction.updateTable('pruning').set({ value: until }).where('name', '=', 'turn').execute();
  return { isOurs: true, until };
}

/** Lets rows of a guarded table from before an instant be removed while `work` runs, and by this transaction alone. */
export async function whileUnguarded<T>(
  transaction: Transaction<PruningSchema>,
  table: string,
  before: number,
  work: () => Promise<T>,
): Promise<T> {
  await transaction.insertInto('pruning').values({ name: table, value: before }).execute();
  const result = await work();
  await transaction.deleteFrom('pruning').where('name', '=', table).execute();
  return result;
}

const newestName = (table: string) => `${table}.newest`;

/** Remembers the key of the newest row that was removed; forward only. */
export async function notePruned(
  transaction: Transaction<PruningSchema>,
  table: string,
  key: number,
): Promise<void> {
  await transaction
    .insertInto('pruning')
    .values({ name: newestName(table), value: key })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ value: key }).where('pruning.value', '<', key),
    )
    .execute();
}

/** Resolves with the key of the newest row of a guarded table that was removed; 0 where none was. */
export async function newestPruned<Schema extends PruningSchema>(
  database: Kysely<Schema>,
  table: string,
): Promise<number> {
  const row = await (database as unknown as Kysely<PruningSchema>)
    .selectFrom('pruning')
    .select('value')
    .where('name', '=', newestName(table))
    .executeTakeFirst();
  return row?.value ?? 0;
}
