import { sql } from 'kysely';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { checkIsolation, openPostgres } from '../../shared/live/postgres.ts';
import type { Database } from '../../shared/ports/database.ts';
import { startPgBouncer } from '../helpers/pgbouncer.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

interface Schema {
  one: { name: string };
}

function withDatabase(run: (database: Database<Schema>, url: string) => Promise<void>): Promise<void> {
  return withPostgres(async (url) => {
    const database = openPostgres<Schema>(url);
    try {
      await database.write((transaction) => sql`create table one (name text not null)`.execute(transaction));
      await run(database, url);
    } finally {
      await database.close();
    }
  });
}

const insert = (database: Database<Schema>, name: string) =>
  database.write((transaction) => transaction.insertInto('one').values({ name }).execute());
const names = async (database: Database<Schema>) =>
  (await database.reader.selectFrom('one').select('name').orderBy('name').execute()).map(({ name }) => name);

/** Ends every other connection to the database, as an administrator does, and resolves once they are gone. */
async function endConnections(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const others = `from pg_stat_activity where application_name = 'fleetwake' and datname = current_database()`;
  await client.query(`select pg_terminate_backend(pid) ${others}`);
  await until(async () => (await client.query(`select 1 ${others}`)).rowCount === 0, 'the connections ended');
  await client.end();
}

describe('a PostgreSQL connection that is ended', () => {
  it('in a transaction, while no query runs, fails the work with the reason and nothing after it', () =>
    withDatabase(async (database, url) => {
      const broken = database.write(async (transaction) => {
        await transaction.insertInto('one').values({ name: 'lost' }).execute();
        await endConnections(url);
        // The end of the connection is read from the socket before the next query is sent.
        await new Promise<void>((resolve) => setTimeout(resolve, 200));
        await transaction.insertInto('one').values({ name: 'lost too' }).execute();
      });
      await expect(broken).rejects.toThrow('Client has encountered a connection error and is not queryable');
      await insert(database, 'after');
      expect(await names(database)).toEqual(['after']);
    }));

  it('in a query fails all works of the commit with the reason that the server gave', () =>
    withDatabase(async (database, url) => {
      const works = [
        insert(database, 'before'),
        database.write((transaction) => sql`select pg_sleep(30)`.execute(transaction)),
        insert(database, 'behind'),
      ];
      const settled = Promise.allSettled(works);
      const watcher = new pg.Client(url);
      await watcher.connect();
      const asleep = `select 1 from pg_stat_activity where wait_event = 'PgSleep'`;
      await until(async () => (await watcher.query(asleep)).rowCount === 1, 'the work sleeps');
      await watcher.end();
      await endConnections(url);
      const reasons = (await settled).map((one) => one.status === 'rejected' && one.reason.message);
      expect(reasons).toEqual(Array(3).fill('terminating connection due to administrator command'));
      await insert(database, 'after');
      expect(await names(database)).toEqual(['after']);
    }));

  it('while it is idle is replaced', () =>
    withDatabase(async (database, url) => {
      expect(await names(database)).toEqual([]);
      await endConnections(url);
      await until(async () => {
        await insert(database, 'after').catch(() => {});
        return (await names(database).catch(() => [])).length > 0;
      }, 'it writes and reads again');
    }));
});

describe('PostgreSQL transactions', () => {
  it('are serializable and read through a PgBouncer that lends connections by transaction', () =>
    withDatabase(async (_, url) => {
      await withTemporaryFolder(async (folder) => {
        const bouncer = await startPgBouncer(folder, url);
        const [first, second] = [openPostgres<Schema>(bouncer.url), openPostgres<Schema>(bouncer.url)];
        try {
          await checkIsolation(first);
          await insert(first, '0');
          const raise = (by: Database<Schema>) =>
            by.write(async (transaction) => {
              const { name } = await transaction.selectFrom('one').select('name').executeTakeFirstOrThrow();
              await transaction
                .updateTable('one')
                .set({ name: `${Number(name) + 1}` })
                .execute();
            });
          for (let round = 0; round < 10; round += 1) await Promise.all([raise(first), raise(second)]);
          expect(await names(second)).toEqual(['20']);
        } finally {
          await first.close();
          await second.close();
          await bouncer.stop();
        }
      });
    }));

  it('that are weaker than asked for are refused by their name', () =>
    withDatabase(async (database) => {
      const weaker: Database<Schema> = {
        ...database,
        write: (work) =>
          database.write(async (transaction) => {
            await sql`set transaction isolation level read committed`.execute(transaction);
            return work(transaction);
          }),
      };
      await checkIsolation(database);
      await expect(checkIsolation(weaker)).rejects.toThrow(
        'its transactions are read committed, not serializable',
      );
    }));
});

it('three processes that start together on an empty PostgreSQL take turns to create the tables', () =>
  withPostgres(async (url) => {
    const databases = [1, 2, 3].map(() => openPostgres<PlatformSchema>(url));
    try {
      // Connected first, so that all three really begin at one moment.
      await Promise.all(databases.map(({ write }) => write((one) => sql`select 1`.execute(one))));
      await Promise.all(databases.map((database) => migratePlatform(database)));
      for (const { reader } of databases)
        expect(await reader.selectFrom('purchases').selectAll().execute()).toEqual([]);
    } finally {
      for (const database of databases) await database.close();
    }
  }));
