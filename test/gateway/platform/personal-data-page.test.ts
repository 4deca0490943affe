import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';

it('the page on personal data judges every column of the database, and none that is not there', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const { rows } = await sql<{ name: string }>`
    select t.name || '.' || c.name as name from sqlite_master t join pragma_table_info(t.name) c
    where t.type = 'table' and t.name not like 'sqlite_%'`.execute(database.reader);
  const page = readFileSync(new URL('../../../docs/personal-data.md', import.meta.url), 'utf8');
  const tables = new Set(rows.map(({ name }) => name.split('.')[0]));
  const named = [...page.matchAll(/`([a-z_]+)\.([a-z_]+)`/g)].filter(([, table]) => tables.has(table));
  expect(new Set(named.map(([, table, column]) => `${table}.${column}`))).toEqual(
    new Set(rows.map(({ name }) => name)),
  );
  await database.close();
});
