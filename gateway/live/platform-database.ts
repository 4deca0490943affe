import { join } from 'node:path';
import { systemIds } from '../../shared/live/ids.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type GatewayConfig, options } from '../config.ts';
import { nameInstallation, readInstallation } from '../restore/installation.ts';
import { migratePlatform } from '../store/migrations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { preparedPostgres, preparedSqlite } from './prepared-database.ts';

/** The platform's database of a gateway, opened when it is first needed. */
export interface PlatformDatabase {
  /** Resolves with the one database, its schema up to date. */
  open(): Promise<Database<PlatformSchema>>;
  /** Resolves with the name of the installation whose database it is; every process on it has the same. */
  installation(): Promise<string>;
  stop(): Promise<void>;
}

export function platformDatabase(config: GatewayConfig, log: Log): PlatformDatabase {
  let opened: Promise<Database<PlatformSchema>> | null = null;
  const open = () => {
    opened ??= config.databaseUrl
      ? preparedPostgres<PlatformSchema>(
          config.databaseUrl.reveal(),
          migratePlatform,
          log,
          options.databaseUrl,
        )
      : preparedSqlite<PlatformSchema>(join(config.data, 'platform.db'), migratePlatform);
    return opened;
  };
  return {
    open,
    async installation() {
      const database = await open();
      const known = await readInstallation(database.reader);
      if (known !== null) return known.name;
      await database.write((transaction) => nameInstallation(transaction, systemIds().next('ins')));
      const named = await readInstallation(database.reader);
      if (named === null) throw new Error('the installation has no name');
      return named.name;
    },
    async stop() {
      const database = await opened?.catch(() => null);
      await database?.close();
    },
  };
}
