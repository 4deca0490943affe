import { join } from 'node:path';
import { sql } from 'kysely';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { median, round } from './numbers.ts';

interface Schema {
  rows: { id: number; text: string };
}

export interface CommitsReport {
  /** Durable writes a second, one after the other: an fsync each. */
  readonly single: number;
  /** Durable writes a second when 256 are under way at once: an fsync a group. */
  readonly grouped: number;
  /** Grouped over single. */
  readonly ratio: number;
}

const rounds = 3;
const underWay = 256;
const text = 'x'.repeat(500);

/** The same rows written one after the other and together, on the database that the product uses. */
export async function measureCommits(folder: string, writes: number): Promise<CommitsReport> {
  const database = openSqlite<Schema>(join(folder, 'commits.db'));
  try {
    await database.write((transaction) =>
      sql`create table rows (id integer not null primary key, text text not null) strict`.execute(
        transaction,
      ),
    );
    let id = 0;
    const write = () => {
      id += 1;
      const row = { id, text };
      return database.write((transaction) => transaction.insertInto('rows').values(row).execute());
    };
    const measured = async (writers: number) => {
      const startedAt = performance.now();
      const each = Math.ceil(writes / writers);
      const writer = async () => {
        for (let done = 0; done < each; done += 1) await write();
      };
      await Promise.all(Array.from({ length: writers }, writer));
      return (1_000 * each * writers) / (performance.now() - startedAt);
    };
    const single: number[] = [];
    const grouped: number[] = [];
    for (let index = 0; index < rounds; index += 1) {
      single.push(await measured(1));
      grouped.push(await measured(underWay));
    }
    return {
      single: round(median(single)),
      grouped: round(median(grouped)),
      ratio: round(median(grouped) / median(single)),
    };
  } finally {
    await database.close();
  }
}
