import type BetterSqlite3 from 'better-sqlite3';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type { VirtualProcess } from './process.ts';

/** Statements kept prepared; Kysely asks for each query anew, which costs more than running it. */
const statementMax = 500;

/**
 * The one connection of a database in memory, used by several processes in turn. A process holds it for a query or a
 * transaction; if it crashes in between, its uncommitted changes are rolled back, and the next process gets the connection.
 * Everything runs within one outer transaction, so that a whole run can be rolled back: opening a database and preparing its
 * statements costs more than the queries of a run.
 */
export interface SharedConnection {
  /** Resolves when it is this process's turn; never, if the process dies before. */
  acquire(process: VirtualProcess): Promise<void>;
  release(): void;
  begin(): void;
  commit(): void;
  rollback(): void;
  /** Releases the connection and all waiting processes, and restores every row to the last mark, at first the opening. */
  rewind(): void;
  /** What is there now is what `rewind` goes back to. */
  mark(): void;
  /** `mayWrite` is false for a reader, which fails as a connection that was opened to read. */
  query(text: string, parameters: readonly unknown[], mayWrite: boolean): QueryResult<unknown>;
  /** Reads rows at once, even while a process holds the connection. */
  peek(text: string, parameters: readonly unknown[]): unknown[];
}

export function sharedConnection(sqlite: BetterSqlite3.Database): SharedConnection {
  const statements = new Map<string, BetterSqlite3.Statement>();
  const line: { readonly process: VirtualProcess; readonly resolve: () => void }[] = [];
  let holder: VirtualProcess | null = null;
  let forget = () => {};
  let isInTransaction = false;

  function run(text: string): void {
    prepare(text).run();
  }

  function rollback(): void {
    run('rollback to transaction_of_process');
    commit();
  }

  function commit(): void {
    run('release transaction_of_process');
    isInTransaction = false;
  }

  function give(process: VirtualProcess): void {
    holder = process;
    forget = process.onEnd(() => {
      if (isInTransaction) rollback();
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

  run('begin');
  return {
    begin() {
      run('savepoint transaction_of_process');
      isInTransaction = true;
    },
    commit,
    rollback,
    rewind() {
      forget();
      holder = null;
      line.length = 0;
      isInTransaction = false;
      run('rollback');
      run('begin');
    },
    mark() {
      if (isInTransaction) throw new Error('a process has not committed yet');
      run('commit');
      run('begin');
    },
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
    query(text, parameters, mayWrite) {
      const statement = prepare(text);
      if (!mayWrite && !statement.readonly) throw new Error('attempt to write a readonly database');
      if (statement.reader) return { rows: statement.all(parameters) };
      const { changes, lastInsertRowid } = statement.run(parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
    peek: (text, parameters) => prepare(text).all(parameters),
  };
}

/** Kysely's way to the shared connection for one process. A dead process's query neither runs nor settles. */
export function processDriver(shared: SharedConnection, process: VirtualProcess, mayWrite: boolean): Driver {
  const connection: DatabaseConnection = {
    executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return new Promise<QueryResult<R>>((resolve) => {
        if (process.isAlive) resolve(shared.query(sql, parameters, mayWrite) as QueryResult<R>);
      });
    },
    // biome-ignore lint/correctness/useYield: the port has no streams
    async *streamQuery() {
      throw new Error('queries are not streamed here');
    },
  };
  /** Never resolves for a dead process. */
  const alive = (act: () => void) =>
    new Promise<void>((resolve) => {
      if (!process.isAlive) return;
      act();
      resolve();
    });
  return {
    init: async () => {},
    async acquireConnection() {
      await shared.acquire(process);
      return connection;
    },
    beginTransaction: () => alive(shared.begin),
    commitTransaction: () => alive(shared.commit),
    rollbackTransaction: () => alive(shared.rollback),
    async releaseConnection() {
      if (process.isAlive) shared.release();
    },
    destroy: async () => {},
  };
}
