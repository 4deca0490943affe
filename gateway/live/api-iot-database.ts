import { join } from 'node:path';
import { openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { migrateApiIot } from '../api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../api-iot/store/schema.ts';
import { type GatewayConfig, options } from '../config.ts';
import { preparedPostgres, preparedSqlite } from './prepared-database.ts';

type Place = Pick<GatewayConfig, 'data' | 'apiIotDatabaseUrl'>;

const sqliteFile = ({ data }: Place) => join(data, 'api-iot.db');

/** Opens the API IoT's database with its schema up to date. Rejects with a sentence when it cannot be used. */
export function preparedApiIotDatabase(place: Place, log: Log): Promise<Database<ApiIotSchema>> {
  const { apiIotDatabaseUrl: url } = place;
  return url === null
    ? preparedSqlite<ApiIotSchema>(sqliteFile(place), migrateApiIot)
    : preparedPostgres<ApiIotSchema>(url.reveal(), migrateApiIot, log, options.apiIotDatabaseUrl);
}

/** Opens the database of an API IoT that has been started before, for one who reads beside it. */
export function openApiIotDatabase(place: Place): Database<ApiIotSchema> {
  const { apiIotDatabaseUrl: url } = place;
  return url === null
    ? openSqlite<ApiIotSchema>(sqliteFile(place))
    : openPostgres<ApiIotSchema>(url.reveal());
}
