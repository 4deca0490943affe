import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import {
  preparedByCount,
  preparedInsert,
  preparedQuery,
  type ValueOf,
} from '../../../shared/sql/prepared-query.ts';

interface Schema {
  lines: { id: string; at: number; text: string | null };
}

async function withLines(test: (database: Kysely<Schema>) => Promise<void>): Promise<void> {
  const database = openSqlite<Schema>(':memory:');
  try {
    await database.write((transaction) =>
      transaction.schema
        .createTable('lines')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at', 'integer', (column) => column.notNull())
        .addColumn('text', 'text')
        .execute(),
    );
    await test(database.reader);
  } finally {
    await database.close();
  }
}

describe('a prepared query', () => {
  it('takes the values of each execution, in any order and number of uses in the query', () =>
    withLines(async (database) => {
      const save = preparedQuery((schema: Kysely<Schema>, value: ValueOf<Schema['lines']>) =>
        schema
          .insertInto('lines')
          .values({ id: value('id'), at: value('at'), text: value('text') })
          .onConflict((conflict) =>
            conflict
              .column('id')
              .doUpdateSet({ text: value('text') })
              .where('lines.at', '<', value('at')),
          ),
      );
      const since = preparedQuery((schema: Kysely<Schema>, value: ValueOf<{ at: number }>) =>
        schema.selectFrom('lines').selectAll().where('text', 'is', null).where('at', '>=', value('at')),
      );
      expect((await save(database, { id: 'a', at: 1, text: 'one' })).numAffectedRows).toBe(1n);
      expect((await save(database, { id: 'a', at: 1, text: 'late' })).numAffectedRows).toBe(0n);
      expect((await save(database, { id: 'a', at: 2, text: null })).numAffectedRows).toBe(1n);
      expect((await save(database, { id: 'b', at: 3, text: null })).numAffectedRows).toBe(1n);
      expect((await since(database, { at: 1 })).rows).toEqual([
        { id: 'a', at: 1, text: null },
        { id: 'b', at: 3, text: null },
      ]);
      expect((await since(database, { at: 2 })).rows).toEqual([{ id: 'b', at: 3, text: null }]);
    }));

  it('is built once, for any number of executions and databases of one dialect', () =>
    withLines((one) =>
      withLines(async (other) => {
        let built = 0;
        const count = preparedQuery((schema: Kysely<Schema>) => {
          built += 1;
          return schema.selectFrom('lines').select((select) => select.fn.countAll<number>().as('count'));
        });
        await one.insertInto('lines').values({ id: 'a', at: 1, text: null }).execute();
        expect((await count(one, {})).rows).toEqual([{ count: 1 }]);
        expect((await count(other, {})).rows).toEqual([{ count: 0 }]);
        expect(built).toBe(1);
      }),
    ));

  it('has one query for each length of a list, and each number of a limit', () =>
    withLines(async (database) => {
      const built: number[] = [];
      type Ids = { readonly [id: `id${number}`]: string };
      const among = preparedByCount((schema: Kysely<Schema>, value: ValueOf<Ids>, count) => {
        built.push(count);
        const ids = Array.from({ length: count }, (_, index) => value(`id${index}`));
        return schema.selectFrom('lines').select('id').where('id', 'in', ids).orderBy('id').limit(count);
      });
      for (const id of ['a', 'b', 'c'])
        await database.insertInto('lines').values({ id, at: 1, text: null }).execute();
      expect((await among(1)(database, { id0: 'b' })).rows).toEqual([{ id: 'b' }]);
      expect((await among(2)(database, { id0: 'c', id1: 'a' })).rows).toEqual([{ id: 'a' }, { id: 'c' }]);
      expect((await among(1)(database, { id0: 'c' })).rows).toEqual([{ id: 'c' }]);
      expect(built).toEqual([1, 2]);
    }));
});

describe('a prepared insert', () => {
  it('takes any number of rows, each column by its name', () =>
    withLines(async (database) => {
      const insert = preparedInsert<Schema, 'lines'>('lines');
      await insert(database, []);
      await insert(database, [{ id: 'a', at: 1, text: 'one' }]);
      await insert(database, [
        { text: null, at: 2, id: 'b' },
        { id: 'c', text: 'three', at: 3 },
      ]);
      await insert(database, [{ text: 'four', id: 'd', at: 4 }]);
      await expect(insert(database, [{ id: 'e', at: 5 }])).rejects.toThrow(
        'a row for lines has other columns than the first: id, at',
      );
      expect(await database.selectFrom('lines').selectAll().orderBy('id').execute()).toEqual([
        { id: 'a', at: 1, text: 'one' },
        { id: 'b', at: 2, text: null },
        { id: 'c', at: 3, text: 'three' },
        { id: 'd', at: 4, text: 'four' },
      ]);
    }));
});
