import { afterAll, beforeAll, expect, it } from 'vitest';
import { wholeFleet } from '../../../gateway/api-iot/shard.ts';
import { insertConnection, listConnections } from '../../../gateway/api-iot/store/connections.ts';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { listSamples, saveSamples, saveTelemetry } from '../../../gateway/api-iot/store/telemetry.ts';
import { listVehicles } from '../../../gateway/api-iot/store/vehicle-list.ts';
import { markAllOffline, saveTwin, saveVehicles } from '../../../gateway/api-iot/store/vehicles.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import { vin } from '../../helpers/api-iot.ts';
import { type Postgres, startPostgres } from '../../helpers/postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
});

it('PostgreSQL keeps connects, samples and places as SQLite does', async () => {
  const database = openPostgres<ApiIotSchema>(postgres.url);
  await migrateApiIot(database);
  const vehicle = { vin, model: 'alpha', credential_digest: 'a'.repeat(64), registered_by: null };
  const unknown = { clock_skew_ms: null, model: null, firmware: null, reported: null };
  const telemetry = { vin, signals: '{}', at: 7, clock_skew_ms: 0, latitude: 52.5, longitude: -13.25 };
  await database.write(async (transaction) => {
    await saveVehicles(transaction, [vehicle]);
    await saveTwin(transaction, { vin, online: 1, last_seen_at: 5, ...unknown });
    await saveTelemetry(transaction, [telemetry]);
    for (const at of [1, 2])
      await saveSamples(transaction, [{ vin, slot: 0, at, signals: `{"Vehicle.Speed":${at}}` }]);
    for (let at = 1; at <= 101; at += 1)
      await insertConnection(transaction, vin, { at, online: true, reason: 'connected' });
    await markAllOffline(transaction, 102, wholeFleet);
  });
  const { reader } = database;
  const connections = await listConnections(reader, vin, 0);
  expect([connections.length, connections[0], connections.at(-1)]).toEqual([
    100,
    { vin, n: 102, at: 102, online: 0, reason: 'broker_lost' },
    { vin, n: 3, at: 3, online: 1, reason: 'connected' },
  ]);
  expect(await listSamples(reader, vin, 0)).toEqual([
    { vin, slot: 0, at: 2, signals: '{"Vehicle.Speed":2}' },
  ]);
  expect(await listVehicles(reader, '', 10)).toEqual([
    {
      ...{ vin, model: 'alpha', online: 0, last_seen_at: 5, reported: null },
      ...{ telemetry_at: 7, latitude: 52.5, longitude: -13.25 },
    },
  ]);
  await database.close();
});
