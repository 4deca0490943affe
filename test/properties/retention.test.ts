import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { type Ages, ageNames } from '../../gateway/retention/ages.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';
import { runDay } from '../../simulator/check/day.ts';
import { shippedCatalogue } from '../../simulator/virtual-system/shipped-files.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A row is put back after the rows that it names. */
const tables = ['activations', 'record', 'tickets', 'notices'] as const;

/** What is removed is put aside by the database itself, so that the rules can judge everything that happened. */
async function putAside(): Promise<string[]> {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const statements: string[] = [];
  for (const table of tables) {
    const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})`.execute(
      database.reader,
    );
    const names = rows.map(({ name }) => name);
    statements.push(
      `create table removed_${table} as select * from ${table} where false`,
      `create trigger put_aside_${table} after delete on ${table} begin insert into removed_${table} (${names.join(', ')})
         values (${names.map((name) => `old.${name}`).join(', ')}); end`,
    );
  }
  await database.close();
  return statements;
}

async function putBack(database: Database<PlatformSchema>, removed: Map<string, number>): Promise<void> {
  await database.write(async (transaction) => {
    for (const table of tables) {
      const name = sql.raw(table);
      const { numAffectedRows } = await sql`insert into ${name} select * from removed_${name}`.execute(
        transaction,
      );
      removed.set(table, Number(numAffectedRows ?? 0));
    }
  });
}

test('with ages of minutes no rule breaks, and the tables of history and notifications do not grow', async () => {
  const size = { seed: 5, vehicleCount: 40, purchaseCount: 160, durationMs: 12 * hourMs };
  const ages = Object.fromEntries(ageNames.map((name) => [name, 10 * minuteMs])) as unknown as Ages;
  const sizes: Record<'notices' | 'record', number>[] = [];
  const removed = new Map<string, number>();
  const day = await runDay(size, {
    cpuMs: () => 0,
    catalogue: { ...shippedCatalogue(), endOf: (_, from) => from + 30 * minuteMs },
    retention: { ages, everyMs: 5 * minuteMs, pauseMs: 100 },
    platformStatements: await putAside(),
    beforeEvidence: (database) => putBack(database, removed),
    onPart(_, { platform }) {
      const count = (table: string) => platform.read(`select id from ${table}`).length;
      sizes.push({ notices: count('notices'), record: count('record') });
    },
  });
  expect(day.verdicts.filter(({ ok }) => !ok)).toEqual([]);
  expect(day.unhandled).toEqual([]);
  expect(day.isSettled).toBe(true);
  // What is there is what the last hour of the workload needs, however much was bought before.
  expect(sizes).toHaveLength(12);
  for (const { notices, record } of sizes) {
    expect(notices).toBeLessThan(30);
    expect(record).toBeLessThan(250);
  }
  expect(removed.get('record')).toBeGreaterThan(2_500);
  expect(removed.get('notices')).toBeGreaterThan(500);
});
