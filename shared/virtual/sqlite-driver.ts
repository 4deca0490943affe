import type BetterSqlite3 from 'better-sqlite3';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';
import type { VirtualProcess } from './process.ts';

/** Statements kept prepared; Kysely asks for each query anew, which costs more than running it. */
const statementMax = 500;

/**
 * The one connection of a database in memory, used by several processes in turn. A process holds it for a query or a
 * transaction; if it dies in between, what it had not committed is rolled back, and the next in line gets it.
 */
export interface SharedConnection {
  /** Resolves when it is this process's turn; never, if the process dies before. */
  acquire(process: VirtualProcess): Promise<void>;
  release(): void;
  /** `mayWrite` is false for a reader, which fails as a connection that was opened to read. */
  run(text: string, parameters: readonly unknown[], mayWrite: boolean): QueryResult<unknown>;
}

export function sharedConnection(sqlite: BetterSqlite3.Database): SharedConnection {
  const statements = new Map<string, BetterSqlite3.Statement>();
  const line: { readonly process: VirtualProcess; readonly resolve: () => void }[] = [];
  let holder: VirtualProcess | null = null;
  let forget = () => {};

  function give(process: VirtualProcess): void {
    holder = process;
    forget = process.onEnd(() => {
      if (sqlite.inTransaction) sqlite.exec('rollback');
      next();
    });
  }

  function next(): void {
    holder = null;
    for (let first = line.shift(); first !== undefined; first = line.shift()) {
      if (!first.process.isAlive) continue;
      give(first.process);
      first.resolve();
      return;
    }
  }

  function prepare(text: string): BetterSqlite3.Statement {
    const known = statements.get(text);
    if (known) return known;
    if (statements.size >= statementMax) statements.clear();
    const statement = sqlite.prepare(text);
    statements.set(text, statement);
    return statement;
  }

  return {
    acquire(process) {
      return new Promise<void>((resolve) => {
        if (!process.isAlive) return;
        if (holder !== null) return void line.push({ process, resolve });
        give(process);
        resolve();
      });
    },
    release() {
      forget();
      next();
    },
    run(text, parameters, mayWrite) {
      const statement = prepare(text);
      if (!mayWrite && !statement.readonly) throw new Error('attempt to write a readonly database');
      if (statement.reader) return { rows: statement.all(parameters) };
      const { changes, lastInsertRowid } = statement.run(parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
  };
}

/** Kysely's way to the shared connection for one process. A dead process's query neither runs nor settles. */
export function processDriver(shared: SharedConnection, process: VirtualProcess, mayWrite: boolean): Driver {
  const connection: DatabaseConnection = {
    executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return new Promise<QueryResult<R>>((resolve) => {
        if (process.isAlive) resolve(shared.run(sql, parameters, mayWrite) as QueryResult<R>);
      });
    },
    // biome-ignore lint/correctness/useYield: the port has no streams
    async *streamQuery() {
      throw new Error('queries are not streamed here');
    },
  };
  const command = async (text: string) => {
    await connection.executeQuery(CompiledQuery.raw(text));
  };
  return {
    init: async () => {},
    async acquireConnection() {
      await shared.acquire(process);
      return connection;
    },
    beginTransaction: () => command('begin immediate'),
    commitTransaction: () => command('commit'),
    rollbackTransaction: () => command('rollback'),
    async releaseConnection() {
      if (process.isAlive) shared.release();
    },
    destroy: async () => {},
  };
}
