import { expect, it } from 'vitest';
import { eventRelay } from '../../gateway/engine/event-relay.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { manualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

function row(id: string) {
  return { id, purchase_id: null, activation_id: null, at: 0, type: 'x', actor: 'engine', data: '{}' };
}

/** Tells of each message that is published. */
const busTelling = (tell: (messageId: string) => void): Bus => ({
  async publish(_subject, _payload, options) {
    tell(options?.messageId ?? '');
  },
  consume: () => Promise.reject(new Error('nobody consumes here')),
  close: async () => {},
});

it('goes on where another process stopped, and publishes nothing again that is older than the duplicate window', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const published: string[] = [];
  const clock = manualClock();
  const [first, second] = ['first', 'second'].map((name) =>
    eventRelay({
      database,
      bus: busTelling((messageId) => published.push(`${name} ${messageId}`)),
      clock,
      log: silentLog,
    }),
  );
  const write = (...ids: string[]) =>
    database.write((transaction) => transaction.insertInto('record').values(ids.map(row)).execute());
  const cursor = async () => (await database.reader.selectFrom('cursors').select('seq').execute())[0]?.seq;
  await write('rec_1');
  second?.wake();
  await clock.advance(50);
  await until(async () => (await cursor()) === 1, 'the second has published');
  await write('rec_2', 'rec_3');
  first?.wake();
  await clock.advance(50);
  await until(async () => (await cursor()) === 3, 'the first has published');
  await write('rec_4');
  second?.wake();
  await clock.advance(50);
  await until(async () => (await cursor()) === 4, 'the second has gone on');
  expect(published).toEqual(['second rec_1', 'first rec_2', 'first rec_3', 'second rec_4']);
  await first?.stop();
  await second?.stop();
  await database.close();
});

it('looks once for what is committed within 50 ms, and tells the last of it before it stops', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const published: string[] = [];
  const bus = busTelling((messageId) => published.push(messageId));
  let writes = 0;
  const counted: typeof database = {
    ...database,
    write(work) {
      writes += 1;
      return database.write(work);
    },
  };
  const clock = manualClock();
  const relay = eventRelay({ database: counted, bus, clock, log: silentLog });
  const commit = async (id: string) => {
    await database.write((transaction) => transaction.insertInto('record').values(row(id)).execute());
    relay.wake();
  };
  await commit('rec_1');
  await clock.advance(49);
  await commit('rec_2');
  expect(published).toEqual([]);
  await clock.advance(1);
  await until(async () => writes === 1, 'the cursor has moved');
  expect(published).toEqual(['rec_1', 'rec_2']);
  await commit('rec_3');
  await relay.stop();
  expect(published).toEqual(['rec_1', 'rec_2', 'rec_3']);
  expect(writes).toBe(2);
  expect(clock.pending()).toEqual([]);
  await database.close();
});
