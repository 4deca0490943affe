import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openPostgres } from '../../shared/live/postgres.ts';

/** What a gateway or the stand-ins of an earlier run leave in a data folder. */
const databases = ['platform.db', 'api-iot.db', 'payments.db'];

/**
 * Returns why a run cannot have these places; null where it can. A verdict is about one run: purchases, payments and commands that
 * were there before would be judged with it.
 */
export async function usedDataFault({
  data,
  databaseUrl,
  apiIotDatabaseUrl,
}: Pick<GatewayConfig, 'data' | 'databaseUrl' | 'apiIotDatabaseUrl'>): Promise<string | null> {
  const used = databases.filter((file) => existsSync(join(data, file)));
  if (used.length > 0)
    return `--data ${data} holds the data of an earlier run or of a gateway (${used.join(', ')}), which the verdict would judge as well: name a new or an empty folder, or leave --data out`;
  for (const [name, url, table] of [
    ['DATABASE_URL', databaseUrl, 'purchases'],
    ['API_IOT_DATABASE_URL', apiIotDatabaseUrl, 'commands'],
  ] as const)
    if (url !== null && (await hasRows(url.reveal(), table)))
      return `the database of ${name} holds ${table} of an earlier run or of a gateway, which the verdict would judge as well: name an empty database, or leave ${name} out`;
  return null;
}

/** One without tables has none, and one that does not answer is the gateway's to report. */
async function hasRows(url: string, table: 'purchases' | 'commands'): Promise<boolean> {
  const database = openPostgres<Record<never, never>>(url);
  try {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(database.reader);
    return rows.length > 0;
  } catch {
    return false;
  } finally {
    await database.close();
  }
}
