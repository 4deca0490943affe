import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { preparedQuery, type ValueOf } from '../../../shared/sql/prepared-query.ts';

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
});
