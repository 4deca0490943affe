import type { Generated } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../shared/ports/database.ts';

export interface ContractSchema {
  contract: { position: Generated<number>; name: string; at: number };
}

export interface OpenedDatabase {
  open(): Database<ContractSchema>;
  /** False where nothing outlives `close`. */
  readonly isDurable: boolean;
  /** Removes it, after everything was closed. */
  remove(): Promise<void>;
}

/** What every `Database` owes its callers. `prepare` makes an empty one for each test. */
export function describeDatabase(name: string, prepare: () => Promise<OpenedDatabase>): void {
  describe(`database: ${name}`, () => {
    let opened: OpenedDatabase;
    let database: Database<ContractSchema>;

    beforeEach(async () => {
      opened = await prepare();
      database = opened.open();
      const [serial, instant] =
        database.dialect === 'sqlite'
          ? (['integer', 'integer'] as const)
          : (['bigserial', 'bigint'] as const);
      await database.write((transaction) =>
        transaction.schema
          .createTable('contract')
          .addColumn('position', serial, (column) => column.primaryKey())
          .addColumn('name', 'text', (column) => column.notNull().unique())
          .addColumn('at', instant, (column) => column.notNull())
          .execute(),
      );
    });
    afterEach(async () => {
      await database.close();
      await opened.remove();
    });

    const insert = (text: string, at = 1) =>
      database.write(async (transaction) => {
        await transaction.insertInto('contract').values({ name: text, at }).execute();
        return text;
      });
    const names = async (from: Database<ContractSchema> = database) =>
      (await from.reader.selectFrom('contract').select('name').orderBy('position').execute()).map(
        (row) => row.name,
      );

    it('returns the result of the work, and its writes can be read at once', async () => {
      expect(await insert('a')).toBe('a');
      expect(await names()).toEqual(['a']);
    });

    it('reads as many rows as the limit says, which SQLite finds in the text of the query', async () => {
      for (const text of ['a', 'b', 'c']) await insert(text);
      const query = database.reader.selectFrom('contract').select('name').where('at', '=', 1).limit(2);
      expect(await query.execute()).toEqual([{ name: 'a' }, { name: 'b' }]);
      const { sql, parameters } = query.compile();
      expect({ sql, parameters }).toEqual(
        database.dialect === 'sqlite'
          ? { sql: 'select "name" from "contract" where "at" = ? limit 2', parameters: [1] }
          : { sql: 'select "name" from "contract" where "at" = $1 limit $2', parameters: [1, 2] },
      );
    });

    it('keeps its rows when it is scrubbed, beside writes that arrive meanwhile', async () => {
      await insert('a');
      await Promise.all([
        database.scrub(['contract']),
        insert('b'),
        database.scrub(['contract']),
        insert('c'),
      ]);
      expect(await names()).toEqual(['a', 'b', 'c']);
    });

    it('reads instants as numbers', async () => {
      await insert('a', 1_800_000_000_123);
      const row = await database.reader.selectFrom('contract').selectAll().executeTakeFirstOrThrow();
      expect(row).toEqual({ position: 1, name: 'a', at: 1_800_000_000_123 });
    });

    it('rolls back only the work that throws, not others of the same group', async () => {
      const results = await Promise.allSettled([
        insert('a'),
        database.write(async (transaction) => {
          await transaction.insertInto('contract').values({ name: 'half', at: 1 }).execute();
          throw new Error('broken on purpose');
        }),
        insert('b'),
        insert('a'),
        insert('c'),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await names()).toEqual(['a', 'b', 'c']);
    });

    it('commits concurrent works in the order in which they came', async () => {
      const wanted = Array.from({ length: 600 }, (_, index) => `n${index}`);
      await Promise.all(wanted.map((text) => insert(text)));
      expect(await names()).toEqual(wanted);
    });

    it('lets no work see another half done: a counter raised 300 times at once stands at 300', async () => {
      await insert('counter', 0);
      const raise = () =>
        database.write(async (transaction) => {
          const { at } = await transaction
            .selectFrom('contract')
            .select('at')
            .where('name', '=', 'counter')
            .executeTakeFirstOrThrow();
          await new Promise<void>((resolve) => setImmediate(resolve));
          await transaction
            .updateTable('contract')
            .set({ at: at + 1 })
            .where('name', '=', 'counter')
            .execute();
        });
      await Promise.all(Array.from({ length: 300 }, raise));
      const { at } = await database.reader.selectFrom('contract').select('at').executeTakeFirstOrThrow();
      expect(at).toBe(300);
    });

    it('settles works that came before it was closed, and refuses later ones', async () => {
      const before = [insert('a'), insert('b')];
      const closing = database.close();
      await expect(insert('late')).rejects.toThrow('the database is closed');
      expect(await Promise.all(before)).toEqual(['a', 'b']);
      await closing;
    });

    it('keeps a resolved write over a close and a new start', async ({ skip }) => {
      if (!opened.isDurable) skip('it lives in memory only');
      await insert('a');
      const other = opened.open();
      expect(await names(other)).toEqual(['a']);
      await other.close();
      await database.close();
      database = opened.open();
      expect(await names()).toEqual(['a']);
    });

    it('keeps the count right when two processes raise it at once', async ({ skip }) => {
      if (!opened.isDurable) skip('it lives in one process only');
      await insert('counter', 0);
      const other = opened.open();
      const raise = (by: Database<ContractSchema>) =>
        by.write(async (transaction) => {
          const { at } = await transaction
            .selectFrom('contract')
            .select('at')
            .where('name', '=', 'counter')
            .executeTakeFirstOrThrow();
          await transaction
            .updateTable('contract')
            .set({ at: at + 1 })
            .where('name', '=', 'counter')
            .execute();
        });
      for (let round = 0; round < 20; round += 1) await Promise.all([raise(database), raise(other)]);
      await other.close();
      const { at } = await database.reader.selectFrom('contract').select('at').executeTakeFirstOrThrow();
      expect(at).toBe(40);
    });

    it('does not let the reader write', async ({ skip }) => {
      if (!opened.isDurable) skip('reader and writer share one connection');
      await expect(
        database.reader.insertInto('contract').values({ name: 'x', at: 1 }).execute(),
      ).rejects.toThrow(/read-?only/i);
    });
  });
}
