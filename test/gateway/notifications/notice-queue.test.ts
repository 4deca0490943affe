import { Kysely, SqliteDialect } from 'kysely';
import { expect, it } from 'vitest';
import {
  claimNotices,
  nextNoticeAt,
  type Outcome,
  saveOutcomes,
} from '../../../gateway/notifications/notice-queue.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Database } from '../../../shared/ports/database.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import { BetterSqlite3 } from '../../../shared/sql/better-sqlite3.ts';
import {
  countingIds,
  fact,
  notices,
  placeOrder,
  startAt,
  tell,
  withDatabase,
} from '../../helpers/notification-rows.ts';

/** Two processes have claimed the one notification of this database: the first one's claim expired while it was sending. */
async function withLapsedClaim(
  run: (stage: {
    database: Database<PlatformSchema>;
    first: Outcome['notice'];
    second: Outcome['notice'];
    save(outcome: Outcome): Promise<number>;
    record(): Promise<string[]>;
  }) => Promise<void>,
) {
  await withDatabase(async (database) => {
    const ids: Ids = countingIds();
    await tell(database, ids, await placeOrder(database, { hasPush: false }), [
      fact('activation.payment_confirmed'),
    ]);
    const claim = async (now: number) => {
      const { claimed } = await database.write((transaction) =>
        claimNotices(transaction, 'sqlite', {
          channel: 'email',
          now,
          claimMs: 1_000,
          limit: 10,
          perAddress: null,
        }),
      );
      return claimed[0];
    };
    const first = await claim(startAt);
    expect(await claim(startAt + 999)).toBe(undefined);
    const second = await claim(startAt + 1_000);
    if (!first || !second) throw new Error('nothing was claimed');
    await run({
      database,
      first,
      second,
      save: (outcome) => database.write((transaction) => saveOutcomes(transaction, ids, [outcome])),
      async record() {
        const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
        return rows.map((row) => row.type);
      },
    });
  });
}

it('ignores results of an expired claim, except that the notification was sent', async () => {
  await withLapsedClaim(async ({ database, first, second, save, record }) => {
    const held = { status: 'waiting', tries: 1, claimed_until: startAt + 2_000, due_at: startAt + 2_000 };
    const at = startAt + 1_100;
    await save({ status: 'retry', notice: first, at, dueAt: at, error: 'no answer' });
    await save({ status: 'dead', notice: first, at, error: 'no such mailbox' });
    await save({ status: 'released', notice: first, at });
    expect((await notices(database))[0]).toMatchObject(held);
    expect(await record()).toEqual([]);
    await save({ status: 'sent', notice: first, at });
    const sent = { status: 'sent', tries: 2, claimed_until: null, due_at: null, sent_at: at };
    expect((await notices(database))[0]).toMatchObject(sent);
    await save({ status: 'retry', notice: second, at: at + 1, dueAt: at + 2, error: 'no answer' });
    expect((await notices(database))[0]).toMatchObject(sent);
    expect(await record()).toEqual(['notice.sent']);
  });
});

it('records a notification that two processes sent once, and counts the repetition', async () => {
  await withLapsedClaim(async ({ first, second, save, record }) => {
    expect([first.repeated, second.repeated]).toEqual([false, true]);
    expect(await save({ status: 'sent', notice: second, at: startAt + 1_100 })).toBe(0);
    expect(await save({ status: 'sent', notice: first, at: startAt + 1_200 })).toBe(1);
    expect(await record()).toEqual(['notice.sent']);
  });
});

it('finds due notifications by an index that holds nothing else, so history costs nothing', async () => {
  const file = new BetterSqlite3(':memory:');
  const statements: string[] = [];
  const reader = new Kysely<PlatformSchema>({
    dialect: new SqliteDialect({
      database: {
        prepare(text: string) {
          statements.push(text);
          return file.prepare(text);
        },
        close: () => file.close(),
      },
    }),
  });
  const database: Database<PlatformSchema> = {
    dialect: 'sqlite',
    reader,
    write: (work) => reader.transaction().execute(work),
    scrub: () => Promise.resolve(true),
    close: () => reader.destroy(),
  };
  await migratePlatform(database);
  statements.length = 0;
  await nextNoticeAt(reader, 'email');
  await database.write((transaction) =>
    claimNotices(transaction, 'sqlite', {
      channel: 'email',
      now: startAt,
      claimMs: 1_000,
      limit: 10,
      perAddress: null,
    }),
  );
  const plans = statements
    .filter((text) => text.trimStart().startsWith('select'))
    .map((text) => {
      const values = text.match(/\?/g)?.map(() => 1) ?? [];
      return file
        .prepare<unknown[], { detail: string }>(`explain query plan ${text}`)
        .all(...values)
        .map((step) => step.detail);
    });
  expect(plans).toEqual([
    ['SEARCH notices USING COVERING INDEX notices_due (channel=? AND due_at>?)'],
    ['SEARCH notices USING INDEX notices_due (channel=? AND due_at<?)'],
  ]);
  await database.close();
});
