import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { expect, it } from 'vitest';
import {
  countWaiting,
  findCommand,
  listAcceptances,
  listHistory,
  listOverdue,
  listWaiting,
  listWaitingOf,
  nextExpiry,
} from '../../../gateway/api-iot/store/commands.ts';
import { listConnections } from '../../../gateway/api-iot/store/connections.ts';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { listSamples } from '../../../gateway/api-iot/store/telemetry.ts';
import { listDesiredBetween, listVehicles } from '../../../gateway/api-iot/store/vehicle-list.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { BetterSqlite3 } from '../../../shared/sql/better-sqlite3.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const vin = '1M8GDM9AXKP042788';
const lookUps: Readonly<Record<string, (reader: Kysely<ApiIotSchema>) => Promise<unknown>>> = {
  findCommand: (reader) => findCommand(reader, 'cmd_1'),
  listAcceptances: (reader) => listAcceptances(reader, vin, 0, 10),
  listHistory: (reader) => listHistory(reader, vin, 20, null),
  countWaiting: (reader) => countWaiting(reader, vin),
  listWaitingOf: (reader) => listWaitingOf(reader, vin, 0),
  listWaiting: (reader) => listWaiting(reader, 0, { expiresAt: 1, id: 'cmd_1' }, 200),
  listVehicles: (reader) => listVehicles(reader, vin, 1_001),
  listDesiredBetween: (reader) => listDesiredBetween(reader, vin, vin),
  listConnections: (reader) => listConnections(reader, vin, 0),
  listSamples: (reader) => listSamples(reader, vin, 0),
  nextExpiry: (reader) => nextExpiry(reader),
  listOverdue: (reader) => listOverdue(reader, 0, 200),
};

it('every look-up goes by the index that is made for it, however many rows there are', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'api-iot.db');
    const database = openSqlite<ApiIotSchema>(path);
    await migrateApiIot(database);
    await database.close();
    const connection = new BetterSqlite3(path);
    let plan = '';
    const reader = new Kysely<ApiIotSchema>({
      dialect: new SqliteDialect({ database: connection }),
      log({ query }) {
        const steps = connection.prepare(`explain query plan ${query.sql}`).all(...query.parameters);
        plan = (steps as { detail: string }[])[0]?.detail ?? '';
      },
    });
    const indexes: Record<string, string | undefined> = {};
    for (const [name, lookUp] of Object.entries(lookUps)) {
      await lookUp(reader);
      const [, index, key] = /INDEX (\w+)|SEARCH .*(PRIMARY KEY)/.exec(plan) ?? [];
      indexes[name] = index ?? key;
    }
    expect(indexes).toEqual({
      findCommand: 'sqlite_autoindex_commands_1',
      listAcceptances: 'commands_by_vehicle',
      listHistory: 'commands_by_vehicle',
      countWaiting: 'commands_waiting_by_vehicle',
      listWaitingOf: 'commands_waiting_by_vehicle',
      listWaiting: 'commands_waiting',
      listVehicles: 'PRIMARY KEY',
      listDesiredBetween: 'PRIMARY KEY',
      listConnections: 'PRIMARY KEY',
      listSamples: 'PRIMARY KEY',
      nextExpiry: 'commands_waiting',
      listOverdue: 'commands_waiting',
    });
    await reader.destroy();
  }));
