import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { type Database, scrubMaxBytes } from '../ports/database.ts';
import { groupCommit } from '../sql/group-commit.ts';

/** Connections for reads; the writer has one of its own. */
const readersMax = 8;
const connectTimeoutMs = 10_000;
/** How often a group of works is run when other processes' writes get in its way. */
const triesMax = 10;
const retryBaseMs = 5;

/** Type id of `int8`. Instants and counts stay far below 2^53, so they are read as numbers, as SQLite gives them. */
const int8 = 20;

/** SQLSTATE of conflicts between transactions: serialization_failure and deadlock_detected. */
const conflicts = new Set(['40001', '40P01']);

/**
 * PostgreSQL. As on SQLite one writer a process commits works in groups and in their order; between processes
 * transactions are serializable, and a group that meets a conflict runs again, up to 10 times. So a work may run more
 * than once before it is committed once: it must do nothing but use its transaction.
 */
export function openPostgres<Schema>(url: string): Database<Schema> {
  const writer = openKysely<Schema>(url, 1, '-c default_transaction_isolation=serializable');
  const reader = openKysely<Schema>(url, readersMax, '-c default_transaction_read_only=on');
  const group = groupCommit(writer, {
    isRetryable: (error) => conflicts.has((error as { code?: string }).code ?? ''),
    triesMax,
    beforeRetry: (tried) =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * retryBaseMs * 2 ** tried)),
  });
  return {
    dialect: 'postgres',
    reader,
    write: (work) => group.write(work),
    async scrub(tables) {
      const { rows } = await sql<{ bytes: number }>`
        select coalesce(sum(pg_total_relation_size(name::regclass)), 0)::int8 as bytes
        from unnest(${[...tables]}::text[]) as name`.execute(reader);
      if ((rows[0]?.bytes ?? 0) > scrubMaxBytes) return false;
      // A plain vacuum leaves what was there in the free space of its page.
      for (const table of tables) await sql`vacuum (full) ${sql.table(table)}`.execute(writer);
      return true;
    },
    async close() {
      await group.close();
      await reader.destroy();
      await writer.destroy();
    },
  };
}

function openKysely<Schema>(url: string, max: number, options: string): Kysely<Schema> {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    options,
    application_name: 'fleetwake',
    connectionTimeoutMillis: connectTimeoutMs,
    types: { getTypeParser: (id, format) => (id === int8 ? Number : pg.types.getTypeParser(id, format)) },
  });
  // A connection that breaks while nobody uses it is replaced; unheard, the event would end the process.
  pool.on('error', () => {});
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
