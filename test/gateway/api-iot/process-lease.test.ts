import { expect, it } from 'vitest';
import { takeProcessLease } from '../../../gateway/api-iot/process-lease.ts';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import { listProcesses } from '../../../gateway/api-iot/store/processes.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.ts';

type Take = (
  owner: string,
  shard: string,
  isGone?: boolean,
  onLost?: () => void,
) => ReturnType<typeof takeProcessLease>;

async function withLeases(
  run: (parts: { clock: ManualClock; database: Database<ApiIotSchema>; take: Take }) => Promise<void>,
): Promise<void> {
  const database = openSqlite<ApiIotSchema>(':memory:');
  await migrateApiIot(database);
  const clock = manualClock();
  const take: Take = (owner, shard, isGone = false, onLost = () => {}) => {
    const [index = 0, of = 0] = shard.split('/').map(Number);
    return takeProcessLease({
      ...{ database, clock, log: silentLog, owner, shard: { index, of }, isGone: () => isGone, onLost },
    });
  };
  try {
    await run({ clock, database, take });
  } finally {
    await database.close();
  }
}

/** Lets time pass until the promise is settled. */
async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  for (let waits = 0; !isDone && waits < 50; waits += 1) await clock.advance(1_000);
  return done;
}

it('processes of different shards run together, and a polite end leaves the place free at once', () =>
  withLeases(async ({ database, take }) => {
    const [one, two] = [await take('host 1', '1/2'), await take('host 2', '2/2')];
    expect((await listProcesses(database.reader)).map(({ owner }) => owner)).toEqual(['host 1', 'host 2']);
    await one.release();
    const again = await take('host 3', '1/2');
    await again.release();
    await two.release();
    expect(await listProcesses(database.reader)).toEqual([]);
  }));

it('a second process of a shard is refused with the name of the first one', () =>
  withLeases(async ({ clock, take }) => {
    const first = await take('host 1', '1/2');
    await expect(settled(clock, take('host 2', '1/2'))).rejects.toThrow(
      'shard 1/2 of the API IoT runs in process host 1: stop that one, or give this one another --api-iot-shard (API_IOT_SHARD)',
    );
    await first.release();
  }));

it('another number of shards is refused while one of the old number runs', () =>
  withLeases(async ({ clock, take }) => {
    const first = await take('host 1', '2/2');
    await expect(settled(clock, take('host 2', '1/3'))).rejects.toThrow(
      'the API IoT on this database runs in 2 shards (process host 1 has 2/2): stop its processes before the first one of 3 shards starts, or correct --api-iot-shard (API_IOT_SHARD)',
    );
    await first.release();
  }));

it('the place of a process that died is taken after ten seconds of silence, or at once where it certainly is gone', () =>
  withLeases(async ({ clock, database, take }) => {
    const dead = { shard: 1, shards: 2, owner: 'host 1', beat: 7 };
    const die = () =>
      database.write((transaction) => transaction.insertInto('processes').values(dead).execute());
    await die();
    const before = clock.now();
    const second = await settled(clock, take('host 2', '1/2'));
    expect(clock.now() - before).toBeGreaterThanOrEqual(10_000);
    await second.release();
    await die();
    const third = await take('host 3', '1/2', true);
    await third.release();
  }));

it('ends a process whose shard another one has taken, once', () =>
  withLeases(async ({ clock, take }) => {
    const lost: string[] = [];
    await take('host 1', '1/2', false, () => lost.push('host 1'));
    // It stood still for so long that it was taken for dead.
    const second = await take('host 2', '1/2', true, () => lost.push('host 2'));
    await clock.advance(10_000);
    expect(lost).toEqual(['host 1']);
    await second.release();
  }));
