import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migrate } from '../../../gateway/sql/migration.ts';
import { migratePlatform, platformMigrations } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import { ticketById } from '../../../gateway/support/ticket-look-ups.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';

const at = 1_800_000_000_000;

it('takes over tickets and notifications of a database from before the support desk, and notifies no customer twice', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  const before = platformMigrations.findIndex(({ name }) => name === '009-ticket-work');
  await migrate(database, platformMigrations.slice(0, before));
  await database.write(async (transaction) => {
    const run = (text: string) => sql.raw(text).execute(transaction);
    await run(`insert into customers values ('c', 'Ada', 'ada@example.org', 'en', null, 0)`);
    await run(`insert into vehicles values ('v', 'aurora-2026', 'Aurora', 'c', 0)`);
    for (const [number, status, assignee, closedAt] of [
      [1, 'open', `'ana'`, 'null'],
      [2, 'open', 'null', 'null'],
      [3, 'closed', `'ana'`, at + 9],
    ] as const) {
      await run(`insert into activations values ('act_${number}', null, null, 'v', 's', 'f${number}', 'activation', 'failed',
        null, 0, '{}', 1, null, ${at}, ${at})`);
      await run(`insert into tickets values ('tkt_${number}', 'act_${number}', null, 'v', 'c', 's', 'HIGH', '${status}',
        ${assignee}, ${at}, ${at + 1_000}, ${closedAt}, '{"notes":[]}')`);
    }
    await run(
      `insert into purchases values ('p', 'c', 'v', 's', 'S', 'f1', '{}', 1, 'EUR', 'on_delivery', 0, 'act_1', 'failed', 0)`,
    );
    await run(`insert into notices values ('ntc_1', 'p', 'act_1', 'c', 'activation_failed', 'email', '{}', 'waiting', 3, ${at},
      null, ${at}, null, 'connection refused')`);
  });
  await migratePlatform(database);
  const [purchase] = await database.reader.selectFrom('purchases').selectAll().execute();
  expect(purchase).toMatchObject({ id: 'p', status: 'failed', capture: 'on_delivery' });
  const works = await Promise.all(['tkt_1', 'tkt_2', 'tkt_3'].map((id) => ticketById(database.reader, id)));
  expect(works.map((ticket) => [ticket?.status, ticket?.work.state, ticket?.work.assignee])).toEqual([
    ['open', 'assigned', 'ana'],
    ['open', 'open', null],
    ['closed', 'closed', 'ana'],
  ]);
  const due = await database.reader
    .selectFrom('tickets')
    .select(['id', 'due_at'])
    .where('due_at', 'is not', null)
    .execute();
  expect(due).toEqual([
    { id: 'tkt_1', due_at: at + 1_000 },
    { id: 'tkt_2', due_at: at + 1_000 },
  ]);
  expect(await listTickets(database.reader, { status: 'open', state: 'open', limit: 5 })).toMatchObject({
    tickets: [{ id: 'tkt_2' }],
  });
  const notices = await database.reader.selectFrom('notices').selectAll().execute();
  expect(notices).toMatchObject([{ id: 'ntc_1', status: 'waiting', tries: 3, due_at: at, occasion: '' }]);
  // The same notification cannot be inserted a second time.
  const again = database.write((transaction) =>
    transaction
      .insertInto('notices')
      .values({ ...notices[0], id: 'ntc_2' } as NonNullable<(typeof notices)[0]>)
      .execute(),
  );
  await expect(again).rejects.toThrow('UNIQUE constraint failed');
  await database.close();
});
