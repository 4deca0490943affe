import { expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';

it('brings an empty database to the schema, and a second time changes nothing', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  await migratePlatform(database);
  expect(await database.reader.selectFrom('purchases').selectAll().execute()).toEqual([]);
  expect(await database.reader.selectFrom('record').selectAll().execute()).toEqual([]);
  await database.close();
});
