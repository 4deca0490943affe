import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { withPostgres } from '../../helpers/postgres.ts';
import { describeAppendOnly } from './append-only.ts';

type Run = (database: Database<PlatformSchema>) => Promise<void>;

const withSqlite = async (run: Run) => {
  const database = openSqlite<PlatformSchema>(':memory:');
  try {
    await run(database);
  } finally {
    await database.close();
  }
};

const onPostgres = (run: Run) =>
  withPostgres(async (url) => {
    const database = openPostgres<PlatformSchema>(url);
    try {
      await run(database);
    } finally {
      await database.close();
    }
  });

describe('the record on SQLite', () => {
  describeAppendOnly(withSqlite);

  it('is not replaced by "insert or replace" either', () =>
    withSqlite(async (database) => {
      await migratePlatform(database);
      const insert = (id: string, seq: number) =>
        database.write((transaction) =>
          sql`insert or replace into record (seq, id, at, type, actor, data)
            values (${seq}, ${id}, 1, 't', 'a', '{}')`.execute(transaction),
        );
      await insert('rec_1', 1);
      await expect(insert('rec_1', 2)).rejects.toThrow('the record is append-only');
      await expect(insert('rec_2', 1)).rejects.toThrow('the record is append-only');
    }));
});

describe('the record on PostgreSQL', () => {
  describeAppendOnly(onPostgres);

  it('refuses truncate', () =>
    onPostgres(async (database) => {
      await migratePlatform(database);
      const empty = database.write((transaction) => sql`truncate record`.execute(transaction));
      await expect(empty).rejects.toThrow('the record is append-only');
    }));
});
