import { type Kysely, sql, type Transaction } from 'kysely';

/** The most works in one commit, so that a burst does not hold the readers up. */
const groupMax = 256;

interface Waiting<Schema> {
  readonly work: (transaction: Transaction<Schema>) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One writer for a database whose commit costs an fsync: works that arrive while a commit is under way go into the next
 * one together. Each runs in a savepoint of its own, so a work that throws is rolled back alone. No promise resolves
 * before the commit that holds its work is durable.
 */
export function groupCommit<Schema>(database: Kysely<Schema>) {
  let waiting: Waiting<Schema>[] = [];
  let running: Promise<void> | null = null;

  async function runOne(transaction: Transaction<Schema>, item: Waiting<Schema>): Promise<() => void> {
    await sql`savepoint work`.execute(transaction);
    try {
      const value = await item.work(transaction);
      await sql`release work`.execute(transaction);
      return () => item.resolve(value);
    } catch (error) {
      await sql`rollback to work`.execute(transaction);
      await sql`release work`.execute(transaction);
      return () => item.reject(error);
    }
  }

  async function commitGroup(group: readonly Waiting<Schema>[]): Promise<void> {
    const settle: (() => void)[] = [];
    try {
      await database.transaction().execute(async (transaction) => {
        for (const item of group) settle.push(await runOne(transaction, item));
      });
    } catch (error) {
      for (const item of group) item.reject(error);
      return;
    }
    for (const done of settle) done();
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, groupMax);
      waiting = waiting.slice(groupMax);
      await commitGroup(group);
    }
    running = null;
  }

  return {
    write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        running ??= Promise.resolve().then(drain);
      });
    },
    /** Resolves when every work handed in so far is settled. */
    async idle(): Promise<void> {
      while (running !== null) await running;
    },
  };
}
