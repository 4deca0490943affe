import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Database } from '../../../shared/ports/database.ts';

const refusal = 'the record is append-only: add a line that says what changed';

const line = {
  id: 'rec_1',
  purchase_id: 'pur_1',
  activation_id: 'act_1',
  at: 1,
  type: 'purchase.created',
  actor: 'customer',
  data: '{"email":"ana@example.com"}',
};

async function fill(database: Database<PlatformSchema>): Promise<void> {
  await migratePlatform(database);
  await database.write(async (transaction) => {
    for (const id of ['ana', 'bo']) {
      await sql`insert into customers (id, name, email, language, created_at) values (${id}, 'N', 'e@x', 'en', 1)`.execute(
        transaction,
      );
    }
    await sql`insert into vehicles (vin, model, model_name, registered_at) values ('V', 'm', 'M', 1)`.execute(
      transaction,
    );
    await sql`insert into purchases (id, customer_id, vin, service_id, service_name, feature, duration, amount_minor,
      currency, capture, pre_delivery, activation_id, status, created_at) values ('pur_1', 'ana', 'V', 's', 'S', 'f', '{}',
      1, 'EUR', 'on_delivery', 0, 'act_1', 'active', 1)`.execute(transaction);
    await transaction.insertInto('record').values(line).execute();
  });
}

/** The same on every database: `open` gives a new, empty one. */
export function describeAppendOnly(
  withDatabase: (run: (database: Database<PlatformSchema>) => Promise<void>) => Promise<void>,
) {
  const withLine = (
    run: (database: Database<PlatformSchema>, attempt: (text: string) => Promise<string>) => Promise<void>,
  ) =>
    withDatabase(async (database) => {
      await fill(database);
      await run(database, (text) =>
        database
          .write((transaction) => sql.raw(text).execute(transaction))
          .then(
            () => 'done',
            (error: Error) => error.message,
          ),
      );
      const rows = await database.reader.selectFrom('record').select(['id', 'at', 'actor']).execute();
      expect(rows).toEqual([{ id: 'rec_1', at: 1, actor: 'customer' }]);
    });

  it('a line cannot be changed, removed or replaced', () =>
    withLine(async (_, attempt) => {
      for (const text of [
        `update record set data = '{}'`,
        `update record set actor = 'engine' where id = 'rec_1'`,
        `delete from record where id = 'rec_1'`,
        `insert into record (id, at, type, actor, data) values ('rec_1', 2, 't', 'a', '{}')
          on conflict (id) do update set at = 2`,
      ])
        expect([text, await attempt(text)]).toEqual([text, refusal]);
    }));

  it('an erasure under way lets the data of its customer’s lines be changed, and nothing else', () =>
    withLine(async (database, attempt) => {
      const erase = (customer: string, change: string) =>
        database
          .write(async (transaction) => {
            await sql`insert into erasures values (${customer}, 1, null)`.execute(transaction);
            await sql.raw(change).execute(transaction);
            await sql`update erasures set ended_at = 2 where customer_id = ${customer}`.execute(transaction);
          })
          .then(
            () => 'done',
            (error: Error) => error.message,
          );
      const change = `update record set data = '{"email":"gone"}'`;
      expect(await erase('bo', change)).toBe(refusal);
      expect(await erase('ana', `update record set data = '{}', actor = 'nobody'`)).toBe(refusal);
      expect(await erase('ana', `update record set at = 5`)).toBe(refusal);
      expect(await erase('ana', `delete from record`)).toBe(refusal);
      expect(await erase('ana', change)).toBe('done');
      expect(await attempt(`update record set data = '{}'`)).toBe(refusal);
      const { data } = await database.reader.selectFrom('record').select('data').executeTakeFirstOrThrow();
      expect(data).toBe('{"email":"gone"}');
    }));
}
