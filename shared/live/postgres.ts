import { type Driver, Kysely, type KyselyPlugin, PostgresDialect, PostgresDriver, sql } from 'kysely';
import pg from 'pg';
import { type Database, scrubMaxBytes } from '../ports/database.ts';
import { type Log, silentLog } from '../ports/log.ts';
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
 * than once before it is committed once: it must do nothing but use its transaction. Nothing is kept in the session, so a
 * PgBouncer may stand between, in any of its pool modes. A connection that is lost is replaced: works that were under way
 * reject, later ones get a new connection.
 */
export function openPostgres<Schema>(url: string, log: Log = silentLog): Database<Schema> {
  const writer = openKysely<Schema>(url, 1, log);
  const reader = openKysely<Schema>(url, readersMax, log).withPlugin(refuseWrites);
  const group = groupCommit(writer, {
    isolationLevel: 'serializable',
    isRetryable: (error) => conflicts.has(codeOf(error)),
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

/**
 * Rejects with a sentence unless transactions really are serializable. A pooler or a compatible server may accept the
 * setting and ignore it; then two processes could each read rows that the other is changing.
 */
export async function checkIsolation<Schema>(database: Database<Schema>): Promise<void> {
  const level = await database.write(async (transaction) => {
    const { rows } = await sql<{ level: string }>`
      select current_setting('transaction_isolation') as level`.execute(transaction);
    return rows[0]?.level;
  });
  if (level !== 'serializable') {
    throw new Error(`its transactions are ${level}, not serializable`);
  }
}

/** SQLSTATEs of a server that starts, stops or ended the connection (class 57, operator intervention; class 08, connection). */
const interruptions = new Set(['57P01', '57P02', '57P03', '08000', '08003', '08006', 'ECONNRESET', 'EPIPE']);

/** Whether the server ended the connection or does not serve yet: a restart looks like that. */
export function isInterrupted(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return interruptions.has(codeOf(error)) || /^Connection terminated|not queryable/.test(message);
}

function openKysely<Schema>(url: string, max: number, log: Log): Kysely<Schema> {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'fleetwake',
    connectionTimeoutMillis: connectTimeoutMs,
    types: { getTypeParser: (id, format) => (id === int8 ? Number : pg.types.getTypeParser(id, format)) },
  });
  const report = (error: Error) =>
    log.warn('database.connection_lost', { code: codeOf(error) || null, reason: error.message });
  // Without a listener an 'error' event ends the process. The pool listens only to idle clients,
  // so each client also has a listener of its own.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', report));
  return new Kysely<Schema>({ dialect: new FirstErrorDialect(pool) });
}

class FirstErrorDialect extends PostgresDialect {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    super({ pool });
    this.#pool = pool;
  }

  override createDriver(): Driver {
    return new FirstErrorDriver({ pool: this.#pool });
  }
}

/** Where a connection broke, the rollback fails as well: its error would hide the one that says why. The connection is discarded. */
class FirstErrorDriver extends PostgresDriver {
  override async rollbackTransaction(
    connection: Parameters<PostgresDriver['rollbackTransaction']>[0],
  ): Promise<void> {
    await super.rollbackTransaction(connection).catch(() => {});
  }
}

const writingKinds = new Set(['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode', 'MergeQueryNode']);

/** The session cannot be made read-only where a pool lends it to others after each transaction. */
const refuseWrites: KyselyPlugin = {
  transformQuery({ node }) {
    if (writingKinds.has(node.kind)) throw new Error('the reader is read-only: write in a transaction');
    return node;
  },
  transformResult: async ({ result }) => result,
};

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}
