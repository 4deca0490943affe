import type { Kysely, Transaction } from 'kysely';

/** What is rewritten while others wait: about 3 s on a laptop. */
export const scrubMaxBytes = 100_000_000;

/** One SQL database. `Schema` is a Kysely table map. Rows that are JSON are kept as text, instants as integers. */
export interface Database<Schema> {
  readonly dialect: 'sqlite' | 'postgres';
  /** For reads. Never use it inside `write`: use the `transaction` that is handed in. */
  readonly reader: Kysely<Schema>;
  /**
   * Runs `work` in a transaction and resolves once it is durable. Works that arrive together may share one commit;
   * each is still atomic on its own: a work that throws is rolled back alone and rejects. Never await the network inside.
   */
  write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * Rewrites these tables, so that overwritten or deleted values cannot be read from the file any more. It costs as much as writing
   * the tables, and blocks other writes: so above `scrubMaxBytes` it does nothing and resolves with false, and an operator does it at a
   * quiet hour. Not within `write`.
   */
  scrub(tables: readonly (keyof Schema & string)[]): Promise<boolean>;
  close(): Promise<void>;
}
