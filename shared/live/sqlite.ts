import type Sqlite from 'better-sqlite3';
import { Kysely, SqliteDriver, type SqliteStatement, sql } from 'kysely';
import { type Database, scrubMaxBytes } from '../ports/database.ts';
import { BetterSqlite3 } from '../sql/better-sqlite3.ts';
import { groupCommit } from '../sql/group-commit.ts';
import { sqliteDialectParts } from '../sql/sqlite-dialect-parts.ts';
import { makeFilePrivate } from './private-files.ts';

/**
 * Waits for another process's commit in short steps, so that this process can do other work: SQLite's own wait blocks the
 * whole process. About 10 s in all.
 */
const busyStepMs = 10;
const busyPauseMs = 15;
const busyTriesMax = 400;

/** Statements kept prepared; Kysely asks for each query anew, which costs more than running it. */
const statementMax = 500;

/** What the write-ahead log holds before it is copied into the file, in pages (16 MB): each copying costs fsyncs of its own. */
const checkpointPages = 4_000;

/** Errors of the file and its disk, not of a statement: their text alone does not say which file. */
const fileErrors = /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|NOMEM)/;

/** Runs `step`; the message of a file error gets the file's name, the code and the fix. */
function naming<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (error instanceof Error && fileErrors.test(code) && !error.message.includes(file)) {
      const hint = code.startsWith('SQLITE_FULL') ? ': free space on its disk; then work continues' : '';
      error.message = `${file}: ${error.message} (${code})${hint}`;
    }
    throw error;
  }
}

function withPreparedStatements(connection: Sqlite.Database, file: string) {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const statement = naming(file, () => connection.prepare(text));
    return {
      reader: statement.reader,
      all: (parameters) => naming(file, () => statement.all(parameters)),
      run: (parameters) => naming(file, () => statement.run(parameters)),
      iterate: (parameters) => statement.iterate(parameters) as IterableIterator<unknown>,
    };
  };
  const nothing = prepare('select 1');
  return {
    prepare(text: string): SqliteStatement {
      // A full disk rolls back by itself; "no transaction is active" would then hide the error of the full disk.
      if (text === 'rollback' && !connection.inTransaction) return nothing;
      const known = statements.get(text);
      if (known) return known;
      if (statements.size >= statementMax) statements.clear();
      // A transaction that starts as a reader cannot wait for another process's commit: take the write lock first.
      const statement = prepare(text === 'begin' ? 'begin immediate' : text);
      statements.set(text, statement);
      return statement;
    },
    close: () => connection.close(),
  };
}

function open(path: string, readonly: boolean): Sqlite.Database {
  // Its write-ahead log gets the file's own permissions.
  if (path !== ':memory:') makeFilePrivate(path);
  const connection = new BetterSqlite3(path, { readonly });
  connection.pragma('busy_timeout = 5000');
  if (!readonly) connection.pragma('journal_mode = WAL');
  // Money: a commit that was answered survives a power cut.
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('trusted_schema = OFF');
  if (!readonly) connection.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  if (!readonly) connection.pragma(`busy_timeout = ${busyStepMs}`);
  return connection;
}

const isBusy = (error: unknown) => ((error as { code?: string }).code ?? '').startsWith('SQLITE_BUSY');

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, busyPauseMs));

/** Tries until no other process is in the way. */
async function unhindered(step: () => Promise<boolean>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      if (await step()) return;
    } catch (error) {
      if (!isBusy(error) || tried >= busyTriesMax) throw error;
    }
    if (tried >= busyTriesMax)
      throw new Error('another process keeps reading the database: stop it and try again');
    await pause();
  }
}

/** The whole file: SQLite rewrites no single table. Then the write-ahead log, which holds pages as they were, is emptied. */
async function scrub<Schema>(writer: Kysely<Schema>, maxBytes: number): Promise<boolean> {
  const { rows: sizes } = await sql<{ bytes: number }>`
    select page_count * page_size as bytes from pragma_page_count, pragma_page_size`.execute(writer);
  if ((sizes[0]?.bytes ?? 0) > maxBytes) return false;
  await unhindered(async () => {
    await sql`vacuum`.execute(writer);
    return true;
  });
  await unhindered(async () => {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(writer);
    return rows[0]?.busy !== 1;
  });
  return true;
}

/** `path` is a file, or `:memory:`. A file has a connection for reads beside the writer's, so that neither waits for the other. */
export function openSqlite<Schema>(
  path: string,
  settings: { readonly scrubMaxBytes?: number } = {},
): Database<Schema> {
  const connect = (readonly: boolean) => {
    const database = withPreparedStatements(open(path, readonly), path);
    return new Kysely<Schema>({
      dialect: { ...sqliteDialectParts, createDriver: () => new SqliteDriver({ database }) },
    });
  };
  const writer = connect(false);
  const reader = path === ':memory:' ? writer : connect(true);
  const group = groupCommit(writer, {
    isRetryable: isBusy,
    triesMax: busyTriesMax,
    beforeRetry: pause,
    // The commit blocks this thread, so nothing arrives meanwhile: let every socket that has something be heard first.
    ...(path === ':memory:' ? {} : { gather: () => new Promise((resolve) => setImmediate(resolve)) }),
  });
  return {
    dialect: 'sqlite',
    reader,
    write: (work) => group.write(work),
    scrub: () => scrub(writer, settings.scrubMaxBytes ?? scrubMaxBytes),
    async close() {
      await group.close();
      if (reader !== writer) await reader.destroy();
      await writer.destroy();
    },
  };
}
