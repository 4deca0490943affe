import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { expect, test } from 'vitest';
import { BetterSqlite3 } from '../../../shared/sql/better-sqlite3.ts';
import { groupCommit } from '../../../shared/sql/group-commit.ts';

type Empty = Record<string, never>;

test('what is written until the gathering ends shares a transaction with the first, what comes later does not', async () => {
  const database = new Kysely<Empty>({
    dialect: new SqliteDialect({ database: new BetterSqlite3(':memory:') }),
  });
  const gatherings: (() => void)[] = [];
  const group = groupCommit(database, {
    gather: () => new Promise<void>((resolve) => gatherings.push(resolve)),
  });
  const transactionOf = () => group.write(async (transaction: Transaction<Empty>) => transaction);
  const first = transactionOf();
  await new Promise((resolve) => setImmediate(resolve));
  const second = transactionOf();
  gatherings.shift()?.();
  expect(await second).toBe(await first);

  const third = transactionOf();
  await new Promise((resolve) => setImmediate(resolve));
  gatherings.shift()?.();
  expect(await third).not.toBe(await first);
  await group.close();
  await database.destroy();
});
