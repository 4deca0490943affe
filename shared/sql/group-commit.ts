import { CompiledQuery, type IsolationLevel, type Kysely, type Transaction } from 'kysely';

/** The most works in one commit, so that a burst does not hold the readers up. */
const groupMax = 256;

/** Compiled once: two of them frame every work. */
const savepoint = CompiledQuery.raw('savepoint work');
const release = CompiledQuery.raw('release work');
const rollback = CompiledQuery.raw('rollback to work');

interface Waiting<Schema> {
  readonly work: (transaction: Transaction<Schema>) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export interface GroupCommitOptions {
  /** Asked for with each transaction, where the database has levels. */
  readonly isolationLevel?: IsolationLevel;
  /** Whether a whole group may succeed when it is run once more: then its works run again, all of them. */
  readonly isRetryable?: (error: unknown) => boolean;
  /** How often a group is run, at most. */
  readonly triesMax?: number;
  /** Waits before the next try; the argument counts from 1. */
  readonly beforeRetry?: (tried: number) => Promise<void>;
  /** Runs before each group: what is written until it resolves is in the group. For a driver that blocks while it commits. */
  readonly gather?: () => Promise<void>;
}

/**
 * One writer for a database whose commit costs an fsync: works that arrive while a commit is under way go into the next
 * one together, in their order. Each of several runs in a savepoint of its own, so a work that throws is rolled back alone. No
 * promise resolves before the commit that holds its work is durable.
 */
export function groupCommit<Schema>(database: Kysely<Schema>, options: GroupCommitOptions = {}) {
  const { isolationLevel, triesMax = 1, gather } = options;
  const { isRetryable = () => false, beforeRetry = () => Promise.resolve() } = options;
  const begin = () =>
    isolationLevel === undefined
      ? database.transaction()
      : database.transaction().setIsolationLevel(isolationLevel);
  let waiting: Waiting<Schema>[] = [];
  let running: Promise<void> | null = null;
  let isClosed = false;

  /** Alone in its transaction, a work that throws takes nothing with it. */
  async function runAlone(transaction: Transaction<Schema>, item: Waiting<Schema>): Promise<() => void> {
    const value = await item.work(transaction);
    return () => item.resolve(value);
  }

  async function runAmongOthers(
    transaction: Transaction<Schema>,
    item: Waiting<Schema>,
  ): Promise<() => void> {
    await transaction.executeQuery(savepoint);
    try {
      const value = await item.work(transaction);
      await transaction.executeQuery(release);
      return () => item.resolve(value);
    } catch (error) {
      if (isRetryable(error) || !(await isRolledBack(transaction))) throw error;
      return () => item.reject(error);
    }
  }

  /**
   * False where the whole transaction is gone (a full disk, a lost connection): then the group ends with the work's error, because the works
   * after it would run outside of any transaction, each committed by itself.
   */
  async function isRolledBack(transaction: Transaction<Schema>): Promise<boolean> {
    try {
      await transaction.executeQuery(rollback);
      await transaction.executeQuery(release);
      return true;
    } catch {
      return false;
    }
  }

  async function runGroup(group: readonly Waiting<Schema>[]): Promise<(() => void)[]> {
    const run = group.length === 1 ? runAlone : runAmongOthers;
    for (let tried = 1; ; tried += 1) {
      try {
        return await begin().execute(async (transaction) => {
          const settle: (() => void)[] = [];
          for (const item of group) settle.push(await run(transaction, item));
          return settle;
        });
      } catch (error) {
        if (tried >= triesMax || !isRetryable(error)) throw error;
        await beforeRetry(tried);
      }
    }
  }

  async function commitGroup(group: readonly Waiting<Schema>[]): Promise<void> {
    try {
      for (const settle of await runGroup(group)) settle();
    } catch (error) {
      for (const item of group) item.reject(error);
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      if (gather) await gather();
      const group = waiting.slice(0, groupMax);
      waiting = waiting.slice(groupMax);
      await commitGroup(group);
    }
    running = null;
  }

  return {
    write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
      if (isClosed) return Promise.reject(new Error('the database is closed'));
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        running ??= Promise.resolve().then(drain);
      });
    },
    /** Takes no further work and resolves when every work handed in so far is settled. */
    async close(): Promise<void> {
      isClosed = true;
      while (running !== null) await running;
    },
  };
}
