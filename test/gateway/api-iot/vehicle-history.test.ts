import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { VehicleList } from '../../../shared/protocol/api-iot.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { type Bench, otherVin, vin, withApiIot } from '../../helpers/api-iot.ts';

const start = 1_800_000_000_000;
const minute = 60_000;

const read = async <T>(bench: Bench, path: string) => (await (await bench.call('GET', path)).json()) as T;
const connectionsOf = async (bench: Bench) =>
  (
    await read<{ connections: readonly { at: number; online: boolean; reason: string }[] }>(
      bench,
      `/vehicle/${vin}/connections`,
    )
  ).connections.map(({ at, reason }) => [at - start, reason]);
const samplesOf = async (bench: Bench) =>
  (
    await read<{ samples: readonly { at: number; signals: Record<string, number> }[] }>(
      bench,
      `/vehicle/${vin}/telemetry`,
    )
  ).samples;
const list = (bench: Bench, query = '') => read<VehicleList>(bench, `/vehicles${query}`);

async function telemetry(bench: Bench, signals: Record<string, unknown>, of = vin): Promise<void> {
  await bench.link.bring(topics.telemetry(of), { vin: of, clock: bench.clock.now(), signals });
  // Written once in this time.
  await bench.clock.advance(1_000);
}

const offline = (bench: Bench, clock: number) => bench.status({ online: false, clock });

describe('the connection history of a vehicle', () => {
  it('has each connect and disconnect with its time and reason, newest first', () =>
    withApiIot(async (bench) => {
      const connectedAt = bench.clock.now();
      await bench.status();
      await bench.clock.advance(minute);
      // A status while it is online is no connect.
      await bench.status();
      await bench.clock.advance(minute);
      await offline(bench, bench.clock.now() + 7);
      await offline(bench, bench.clock.now() + 7);
      await bench.clock.advance(minute);
      await bench.status();
      await bench.clock.advance(minute);
      await offline(bench, connectedAt);
      expect(await connectionsOf(bench)).toEqual([
        [4 * minute, 'connection_lost'],
        [3 * minute, 'connected'],
        [2 * minute, 'disconnected'],
        [0, 'connected'],
      ]);
    }));

  it('names a broker that lost its sessions, and a vehicle that is still there after the will of another session', () =>
    withApiIot(
      async (bench) => {
        await bench.status();
        bench.link.down();
        await bench.clock.advance(minute);
        bench.link.up(false);
        await bench.clock.advance(minute);
        await bench.status();
        await offline(bench, 0);
        await telemetry(bench, { 'Vehicle.Speed': 3 });
        expect(await connectionsOf(bench)).toEqual([
          [2 * minute, 'message_received'],
          [2 * minute, 'connection_lost'],
          [2 * minute, 'connected'],
          [minute, 'broker_lost'],
          [0, 'connected'],
        ]);
      },
      { hasWillsOfAllSessions: true },
    ));

  it('keeps the last 100 of the last 30 days', () =>
    withApiIot(async (bench) => {
      for (let turn = 0; turn < 60; turn += 1) {
        await bench.status();
        await bench.clock.advance(minute);
        await offline(bench, 0);
      }
      const kept = await connectionsOf(bench);
      expect([kept.length, kept[0], kept.at(-1)]).toEqual([
        100,
        [60 * minute, 'connection_lost'],
        [10 * minute, 'connected'],
      ]);
      await bench.clock.advance(30 * 24 * 60 * minute);
      expect(await connectionsOf(bench)).toEqual([[60 * minute, 'connection_lost']]);
      await bench.status();
      const rows = await bench.database.reader.selectFrom('connections').selectAll().execute();
      expect(rows.map(({ n }) => n)).toEqual([120, 121]);
    }));
});

describe('the migration that adds positions', () => {
  it('fills them from the signals that vehicles reported before, where they are on Earth', async () => {
    const database = openSqlite<ApiIotSchema>(':memory:');
    await migrateApiIot(database);
    const at = (latitude: unknown, longitude: unknown) =>
      JSON.stringify({
        'Vehicle.CurrentLocation.Latitude': latitude,
        'Vehicle.CurrentLocation.Longitude': longitude,
      });
    const reported: Readonly<Record<string, string>> = {
      A: at(52.5, 13.4),
      B: at(91, 13.4),
      C: at('52.5', 13.4),
      D: '{"Vehicle.Speed":1}',
    };
    await database.write(async (transaction) => {
      await sql`drop table telemetry_samples`.execute(transaction);
      await sql`drop table connections`.execute(transaction);
      await sql`alter table telemetry drop column latitude`.execute(transaction);
      await sql`alter table telemetry drop column longitude`.execute(transaction);
      await sql`delete from migrations where name = '006-vehicle-history'`.execute(transaction);
      for (const [name, signals] of Object.entries(reported)) {
        await sql`insert into vehicles (vin, model, credential_digest) values (${name}, 'a', 'd')`.execute(
          transaction,
        );
        await sql`insert into telemetry (vin, signals, at, clock_skew_ms) values (${name}, ${signals}, 0, 0)`.execute(
          transaction,
        );
      }
    });
    await migrateApiIot(database);
    const rows = await database.reader
      .selectFrom('telemetry')
      .select(['vin', 'latitude', 'longitude'])
      .orderBy('vin')
      .execute();
    expect(rows).toEqual([
      { vin: 'A', latitude: 52.5, longitude: 13.4 },
      ...['B', 'C', 'D'].map((name) => ({ vin: name, latitude: null, longitude: null })),
    ]);
    await database.close();
  });
});

describe('past telemetry of a vehicle', () => {
  it('is one sample a minute, of numbers alone and without positions', () =>
    withApiIot(async (bench) => {
      const place = { 'Vehicle.CurrentLocation.Latitude': 52.5, 'Vehicle.CurrentLocation.Longitude': 13.4 };
      await telemetry(bench, { 'Vehicle.Speed': 50, 'Vehicle.IsMoving': true, ...place });
      await telemetry(bench, { 'Vehicle.Speed': 51 });
      await bench.clock.advance(minute);
      await telemetry(bench, { 'Vehicle.Speed': 70 });
      expect(await samplesOf(bench)).toEqual([
        { at: start, signals: { 'Vehicle.Speed': 50 } },
        { at: start + minute + 2_000, signals: { 'Vehicle.Speed': 70 } },
      ]);
    }));

  it('takes the place of what is older than its window, in as many rows as there are samples', () =>
    withApiIot(
      async (bench) => {
        for (let speed = 0; speed < 5; speed += 1) {
          await telemetry(bench, { 'Vehicle.Speed': speed });
          await bench.clock.advance(minute - 1_000);
        }
        expect((await samplesOf(bench)).map(({ signals }) => signals['Vehicle.Speed'])).toEqual([2, 3, 4]);
        const rows = await bench.database.reader.selectFrom('telemetry_samples').selectAll().execute();
        expect(rows.length).toBe(3);
        await bench.clock.advance(3 * minute);
        expect(await samplesOf(bench)).toEqual([]);
      },
      { telemetrySamples: { everyMs: minute, count: 3 } },
    ));

  it('is not kept with a count of 0', () =>
    withApiIot(
      async (bench) => {
        await telemetry(bench, { 'Vehicle.Speed': 1 });
        expect(await samplesOf(bench)).toEqual([]);
      },
      { telemetrySamples: { everyMs: minute, count: 0 } },
    ));
});

describe('the list of vehicles', () => {
  it('has each vehicle with its connection, its newest position and whether desired and reported state differ', () =>
    withApiIot(async (bench) => {
      await bench.status({ features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }] });
      await telemetry(bench, {
        'Vehicle.CurrentLocation.Latitude': 52.5,
        'Vehicle.CurrentLocation.Longitude': 13.4,
      });
      const other = { vin: otherVin, model: 'alpha', online: false, lastSeenAt: null, differs: false };
      const unknownPlace = { latitude: null, longitude: null };
      const known = { vin, model: 'alpha', online: true, lastSeenAt: start, latitude: 52.5, longitude: 13.4 };
      expect(await list(bench)).toEqual({
        vehicles: [
          { ...known, differs: false },
          { ...other, ...unknownPlace },
        ],
        next: null,
      });
      await bench.accept();
      expect((await list(bench)).vehicles.map(({ differs }) => differs)).toEqual([true, false]);
      const [command] = bench.commands();
      if (command === undefined) throw new Error('no command was published');
      await bench.answer(command);
      expect((await list(bench)).vehicles.map(({ differs }) => differs)).toEqual([false, false]);
      // No place on Earth.
      await telemetry(bench, { 'Vehicle.CurrentLocation.Latitude': 123 });
      expect((await list(bench)).vehicles[0]).toMatchObject(unknownPlace);
    }));

  it('continues at the cursor, and refuses pages of more than 1,000', () =>
    withApiIot(async (bench) => {
      const first = await list(bench, '?limit=1');
      expect([first.vehicles.map((one) => one.vin), first.next]).toEqual([[vin], vin]);
      const second = await list(bench, `?limit=1&cursor=${first.next}`);
      expect([second.vehicles.map((one) => one.vin), second.next]).toEqual([[otherVin], null]);
      expect((await bench.call('GET', '/vehicles?limit=1001')).status).toBe(422);
    }));
});
