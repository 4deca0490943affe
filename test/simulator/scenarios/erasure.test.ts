import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { eraseCustomer } from '../../../gateway/platform/erasure.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { collectDatabase } from '../../../simulator/reports/collect.ts';
import type { DatabaseEvidence } from '../../../simulator/reports/evidence.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { smallScenario } from './small-scenario.ts';

/** The rows of a run in a database of their own. */
async function loaded(rows: DatabaseEvidence): Promise<Database<PlatformSchema>> {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  await database.write(async (transaction) => {
    await sql`pragma defer_foreign_keys = on`.execute(transaction);
    const vins = new Set(rows.activations.map(({ vin }) => vin));
    await transaction
      .insertInto('vehicles')
      .values(
        [...vins].map((vin) => ({ vin, model: 'm', model_name: 'M', customer_id: null, registered_at: 0 })),
      )
      .execute();
    for (const [table, values] of Object.entries(rows) as [keyof DatabaseEvidence, never[]][]) {
      for (const value of values) await transaction.insertInto(table).values(value).execute();
    }
  });
  return database;
}

it('a run that holds every rule holds every one of them after all of its customers were erased', async () => {
  const { evidence } = await runScenarioVirtually({ scenario: smallScenario, seed: 1 });
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
  const database = await loaded(evidence.database);
  expect(await collectDatabase(database.reader)).toEqual(evidence.database);
  const emails = evidence.database.customers.map(({ email }) => email);
  const clock = manualClock();
  let count = 0;
  const ids = {
    next(prefix: string) {
      count += 1;
      return `${prefix}_erased_${count}`;
    },
  };
  // Support has done its work.
  await database.write((transaction) => sql`update tickets set status = 'closed'`.execute(transaction));
  for (const { id } of evidence.database.customers) {
    const answer = await eraseCustomer({ database, clock, ids }, id, 'customer');
    expect([id, answer.kind]).toEqual([id, 'done']);
  }
  const after = await collectDatabase(database.reader);
  const text = JSON.stringify(after);
  expect([emails.length, emails.filter((email) => text.includes(email))]).toEqual([3, []]);
  const added = after.record.slice(evidence.database.record.length);
  expect(added.map(({ type }) => type)).toEqual(evidence.database.purchases.map(() => 'customer.erased'));
  const verdicts = runChecks({
    ...evidence,
    // Only the mail sink still knows the customer of each mailbox.
    database: { ...after, customers: evidence.database.customers },
    events: evidence.events && [
      ...evidence.events,
      ...added.map(({ id, type }) => ({ id, type: `fleetwake.${type}` })),
    ],
  });
  expect(verdicts.map(({ id, ok, violations }) => [id, ok, violations])).toEqual(
    Array.from({ length: 11 }, (_, index) => [index + 1, true, []]),
  );
  expect(verdicts.map(({ examined }) => examined)).toEqual(
    runChecks(evidence).map(({ examined }) => examined),
  );
  await database.close();
});
