import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';

export type Dialect = Database<unknown>['dialect'];

/** One step of a schema; a released one never changes. */
export interface Migration<Schema> {
  readonly name: string;
  up(database: Kysely<Schema>, dialect: Dialect): Promise<void>;
}

/** Column types and table options that mean the same on both: 64-bit integers, text, strictly typed. */
export function sqlWords(dialect: Dialect) {
  const sqlite = dialect === 'sqlite';
  return {
    long: sql.raw(sqlite ? 'integer' : 'bigint'),
    strict: sql.raw(sqlite ? 'strict' : ''),
    /** For tables that are only reached by their key. */
    keyed: sql.raw(sqlite ? 'strict, without rowid' : ''),
    /** A key that rises by itself. */
    serial: sql.raw(sqlite ? 'integer primary key autoincrement' : 'bigserial primary key'),
  };
}

interface MigrationSchema {
  migrations: { name: string };
}

/** The database has steps that this service does not know: a newer version made them, or another service. */
export class SchemaUnknown extends Error {
  readonly fix = 'start the version that made it, or name another database';

  constructor(names: readonly string[]) {
    const [first = '', ...others] = names;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    super(
      `its schema has ${first}${more}, which this version does not know: it is of a newer version or of another service`,
    );
  }
}

/**
 * Brings the database to this version's schema, all or nothing; harmless when it is there already. Rejects with `SchemaUnknown` when the
 * database has further steps: what they mean for the rows is not known here.
 */
export async function migrate<Schema>(
  database: Database<Schema>,
  migrations: readonly Migration<Schema>[],
): Promise<void> {
  const { dialect } = database;
  await database.write(async (transaction) => {
    if (dialect === 'postgres') await takeTurn(transaction);
    const log = transaction as unknown as Transaction<MigrationSchema>;
    await sql`create table if not exists migrations (name text not null primary key)`.execute(log);
    const done = await log.selectFrom('migrations').select('name').execute();
    const names = new Set(done.map((row) => row.name));
    const known = new Set(migrations.map(({ name }) => name));
    const unknown = [...names].filter((name) => !known.has(name)).sort();
    if (unknown.length > 0) throw new SchemaUnknown(unknown);
    for (const migration of migrations) {
      if (names.has(migration.name)) continue;
      await migration.up(transaction, dialect);
      await log.insertInto('migrations').values({ name: migration.name }).execute();
    }
  });
}

/**
 * Processes that start together must not all create the tables: each waits until the one before it has committed. A serializable transaction
 * would then still see the database as it was before it waited, so this one sees what was committed until each of its statements begins.
 */
async function takeTurn<Schema>(transaction: Transaction<Schema>): Promise<void> {
  await sql`set transaction isolation level read committed`.execute(transaction);
  await sql`select pg_advisory_xact_lock(7240117)`.execute(transaction);
}
