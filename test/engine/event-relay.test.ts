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

it('goes on where another process stopped, and publishes nothing again that is older than the duplicate window', async () => {
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const published: string[] = [];
  const busOf = (name: string): Bus => ({
    async publish(_subject, _payload, options) {
      published.push(`${name} ${options?.messageId}`);
    },
    consume: () => Promise.reject(new Error('nobody consumes here')),
    close: async () => {},
  });
  const clock = manualClock();
  const [first, second] = ['first', 'second'].map((name) =>
    eventRelay({ database, bus: busOf(name), clock, log: silentLog }),
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
