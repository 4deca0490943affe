import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { preparedApiIotDatabase } from '../../gateway/live/api-iot-database.ts';
import { preparedPostgres } from '../../gateway/live/prepared-database.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import { startPostgres, withPostgres } from '../helpers/postgres.ts';
import { newTemporaryFolder, removeFolder } from '../helpers/temporary-folder.ts';
import { describeApiIotStorage } from './api-iot-storage.ts';

describeApiIotStorage('SQLite', async () => {
  const folder = await newTemporaryFolder();
  return {
    open: () => openSqlite<ApiIotSchema>(join(folder, 'api-iot.db')),
    remove: () => removeFolder(folder),
  };
});

describeApiIotStorage('PostgreSQL', async () => {
  const postgres = await startPostgres();
  return { open: () => openPostgres<ApiIotSchema>(postgres.url), remove: () => postgres.stop() };
});

it('the API IoT does not start on the database of the platform, and names the option', () =>
  withPostgres(async (url) => {
    const option = { flag: 'database-url', environment: 'DATABASE_URL' };
    await (await preparedPostgres<PlatformSchema>(url, migratePlatform, silentLog, option)).close();
    const place = { data: '/nowhere', apiIotDatabaseUrl: new Address(url) };
    await expect(preparedApiIotDatabase(place, silentLog)).rejects.toThrow(
      /^the PostgreSQL of --api-iot-database-url cannot be used \(its schema has 001-registers and \d+ more, which this version does not know: it is of a newer version or of another service\): start the version that made it, or name another database$/,
    );
  }));
