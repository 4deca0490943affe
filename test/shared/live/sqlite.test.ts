import { chmod, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { preparedSqlite } from '../../../gateway/live/prepared-database.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

interface Schema {
  one: { name: string };
}

async function createTable(database: Database<Schema>): Promise<void> {
  await database.write((transaction) => sql`create table one (name text not null)`.execute(transaction));
}

const insert = (database: Database<Schema>, name: string) =>
  database.write((transaction) => transaction.insertInto('one').values({ name }).execute());
const lengths = async (database: Database<Schema>) =>
  (await database.reader.selectFrom('one').select('name').execute()).map(({ name }) => name.length);
/** SQLite's own way to a full disk: the file may not have more pages. */
const limitPages = (database: Database<Schema>, pages: number) =>
  database.write((transaction) => sql.raw(`pragma max_page_count = ${pages}`).execute(transaction));
const reasonOf = (work: Promise<unknown>) => work.then(String, (error: unknown) => String(error));

it('keeps the error of a full disk, names file and fix, and writes again once there is space', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'platform.db');
    const database = openSqlite<Schema>(path);
    await createTable(database);
    await limitPages(database, 10);
    const full = `SqliteError: ${path}: database or disk is full (SQLITE_FULL): free space on its disk; then work continues`;
    expect(await reasonOf(insert(database, 'x'.repeat(100_000)))).toBe(full);
    const together = [
      insert(database, 'a'),
      insert(database, 'y'.repeat(100_000)),
      insert(database, 'bc'),
    ].map(reasonOf);
    const outcomes = await Promise.all(together);
    const stored = await lengths(database);
    // Every resolved write is saved, and nothing else: no work ran outside of its transaction.
    expect(outcomes[1]).toBe(full);
    expect(stored).toEqual([1, 2].filter((_, index) => outcomes[index * 2] !== full));
    await limitPages(database, 1_000);
    await insert(database, 'z'.repeat(100_000));
    expect(await lengths(database)).toEqual([...stored, 100_000]);
    await database.close();
  }));

it('names the file that is damaged, when it is opened and while it runs', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'api-iot.db');
    const database = openSqlite<Schema>(path);
    await createTable(database);
    for (let row = 0; row < 20; row += 1) await insert(database, 'x'.repeat(4_000));
    await sql`pragma wal_checkpoint(truncate)`.execute(database.reader).catch(() => {});
    await database.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(30_000, 0x55), 0, 30_000, 4_096);
    await file.close();
    const damaged = openSqlite<Schema>(path);
    expect(await reasonOf(lengths(damaged))).toBe(
      `SqliteError: ${path}: database disk image is malformed (SQLITE_CORRUPT)`,
    );
    await damaged.close();
    await truncate(path, 4_096);
    await expect(
      preparedSqlite<Schema>(path, async (opened) => {
        await lengths(opened);
      }),
    ).rejects.toThrow(
      `the database ${path} cannot be used (database disk image is malformed): restore it, or choose another folder with --data`,
    );
  }));

it('is readable by its owner alone, with its write-ahead log, also where it was not before', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'platform.db');
    const modes = () =>
      Promise.all(
        ['', '-wal', '-shm'].map(async (end) => ((await stat(path + end)).mode & 0o777).toString(8)),
      );
    const first = openSqlite<Schema>(path);
    await createTable(first);
    expect(await modes()).toEqual(['600', '600', '600']);
    await first.close();
    await chmod(path, 0o644);
    const second = openSqlite<Schema>(path);
    await insert(second, 'a');
    expect(await modes()).toEqual(['600', '600', '600']);
    await second.close();
  }));
