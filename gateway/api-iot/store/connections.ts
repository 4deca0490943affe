import { type Kysely, sql, type Transaction } from 'kysely';
import type { ConnectionReason } from '../../../shared/protocol/api-iot.ts';
import type { ApiIotSchema, ConnectionRow } from './schema.ts';

/** Connects and disconnects that are kept of a vehicle, and for how long. */
export const connectionsMax = 100;
export const connectionsForMs = 30 * 24 * 3_600_000;

export interface ConnectionChange {
  readonly at: number;
  readonly online: boolean;
  readonly reason: ConnectionReason;
}

/** Records that a vehicle connected or disconnected, and forgets what is beyond the limits. */
export async function insertConnection(
  transaction: Transaction<ApiIotSchema>,
  vin: string,
  { at, online, reason }: ConnectionChange,
): Promise<void> {
  const { rows } = await sql<{ n: number | string }>`insert into connections (vin, n, at, online, reason)
    select ${vin}, coalesce(max(n), 0) + 1, ${sql.lit(at)}, ${sql.lit(online ? 1 : 0)}, ${reason}
    from connections where vin = ${vin} returning n`.execute(transaction);
  const newest = Number(rows[0]?.n ?? 0);
  if (newest <= 1) return;
  await transaction
    .deleteFrom('connections')
    .where('vin', '=', vin)
    .where((row) => row.or([row('n', '<=', newest - connectionsMax), row('at', '<', at - connectionsForMs)]))
    .execute();
}

/** Records that each of these vehicles has been disconnected with the broker. */
export async function insertDisconnections(
  transaction: Transaction<ApiIotSchema>,
  at: number,
  vins: readonly string[],
): Promise<void> {
  await sql`insert into connections (vin, n, at, online, reason)
    select twins.vin, coalesce((select max(n) from connections where connections.vin = twins.vin), 0) + 1, ${sql.lit(at)}, 0, 'broker_lost'
    from twins where twins.vin in (${sql.join(vins)})`.execute(transaction);
}

/** Connects and disconnects of a vehicle since an instant, newest first. */
export async function listConnections(
  database: Kysely<ApiIotSchema>,
  vin: string,
  since: number,
): Promise<ConnectionRow[]> {
  return database
    .selectFrom('connections')
    .selectAll()
    .where('vin', '=', vin)
    .where('at', '>=', since)
    .orderBy('n', 'desc')
    .limit(connectionsMax)
    .execute();
}
