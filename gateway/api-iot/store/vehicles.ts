import type { Insertable, Kysely, Transaction } from 'kysely';
import type { Database } from '../../../shared/ports/database.ts';
import { preparedQuery, type ValueOf } from '../../../shared/sql/prepared-query.ts';
import { hasVehicle, type Shard } from '../shard.ts';
import { insertConnection, insertDisconnections } from './connections.ts';
import type { ApiIotSchema, TwinRow, VehicleRow } from './schema.ts';

/** Adds vehicles, or gives known ones another model and credential. Returns the VINs whose credential was replaced. */
export async function saveVehicles(
  transaction: Transaction<ApiIotSchema>,
  vehicles: readonly Insertable<VehicleRow>[],
): Promise<string[]> {
  const known = await transaction
    .selectFrom('vehicles')
    .select(['vin', 'credential_digest'])
    .where(
      'vin',
      'in',
      vehicles.map(({ vin }) => vin),
    )
    .execute();
  const before = new Map(known.map(({ vin, credential_digest }) => [vin, credential_digest]));
  await transaction
    .insertInto('vehicles')
    .values([...vehicles])
    .onConflict((conflict) =>
      conflict.column('vin').doUpdateSet((row) => ({
        model: row.ref('excluded.model'),
        credential_digest: row.ref('excluded.credential_digest'),
        registered_by: row.ref('excluded.registered_by'),
      })),
    )
    .execute();
  return vehicles
    .filter(({ vin, credential_digest }) => {
      const digest = before.get(vin);
      return digest !== undefined && digest !== credential_digest;
    })
    .map(({ vin }) => vin);
}

/**
 * Adds vehicles, and gives those that are known with the same credential another model. Returns the VINs of both: a vehicle that
 * is known with another credential stays as it is.
 */
export async function claimVehicles(
  transaction: Transaction<ApiIotSchema>,
  vehicles: readonly VehicleRow[],
): Promise<string[]> {
  const rows = await transaction
    .insertInto('vehicles')
    .values([...vehicles])
    .onConflict((conflict) =>
      conflict
        .column('vin')
        .doUpdateSet((row) => ({
          model: row.ref('excluded.model'),
          registered_by: row.ref('excluded.registered_by'),
        }))
        .whereRef('vehicles.credential_digest', '=', 'excluded.credential_digest'),
    )
    .returning('vin')
    .execute();
  return rows.map(({ vin }) => vin);
}

/** A registered vehicle, and whether its newest status says that it is connected. */
export interface KnownVehicle extends VehicleRow {
  readonly isConnected: boolean;
}

/** Returns those of these vehicles that are registered; at least one VIN. */
export async function listKnown(
  database: Kysely<ApiIotSchema>,
  vins: readonly string[],
): Promise<KnownVehicle[]> {
  const rows = await database
    .selectFrom('vehicles')
    .leftJoin('twins', 'twins.vin', 'vehicles.vin')
    .select(['vehicles.vin', 'vehicles.model', 'credential_digest', 'registered_by', 'twins.online'])
    .where('vehicles.vin', 'in', vins)
    .execute();
  return rows.map(({ online, ...row }) => ({ ...row, isConnected: online === 1 }));
}

/** The digest to check a vehicle's password against, for the broker; null for an unknown VIN. */
export async function findCredentialDigest(
  database: Database<ApiIotSchema>,
  vin: string,
): Promise<string | null> {
  const row = await database.reader
    .selectFrom('vehicles')
    .select('credential_digest')
    .where('vin', '=', vin)
    .executeTakeFirst();
  return row?.credential_digest ?? null;
}

/** Returns how many vehicles are registered. */
export async function countVehicles(database: Kysely<ApiIotSchema>): Promise<number> {
  const { count } = await database
    .selectFrom('vehicles')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

const byVin = preparedQuery((database: Kysely<ApiIotSchema>, value: ValueOf<{ vin: string }>) =>
  database.selectFrom('vehicles').selectAll().where('vin', '=', value('vin')),
);

export async function findVehicle(database: Kysely<ApiIotSchema>, vin: string): Promise<VehicleRow | null> {
  const { rows } = await byVin(database, { vin });
  return rows[0] ?? null;
}

export interface LockedVehicle {
  readonly vin: string;
  /** ReportedFeature[] as JSON, or null. */
  readonly reported: string | null;
}

/** One vehicle with what it reported; on PostgreSQL its row is locked, so that acceptances for it queue up. */
export async function lockVehicle(
  transaction: Transaction<ApiIotSchema>,
  dialect: Database<ApiIotSchema>['dialect'],
  vin: string,
): Promise<LockedVehicle | null> {
  const query = transaction
    .selectFrom('vehicles')
    .leftJoin('twins', 'twins.vin', 'vehicles.vin')
    .select(['vehicles.vin', 'twins.reported'])
    .where('vehicles.vin', '=', vin);
  const row = await (dialect === 'postgres' ? query.forUpdate('vehicles') : query).executeTakeFirst();
  return row ?? null;
}

const twinOf = preparedQuery((database: Kysely<ApiIotSchema>, value: ValueOf<{ vin: string }>) =>
  database.selectFrom('twins').selectAll().where('vin', '=', value('vin')),
);

const upsertTwin = preparedQuery((database: Kysely<ApiIotSchema>, value: ValueOf<TwinRow>) => {
  const values = {
    online: value('online'),
    last_seen_at: value('last_seen_at'),
    clock_skew_ms: value('clock_skew_ms'),
    model: value('model'),
    firmware: value('firmware'),
    reported: value('reported'),
  };
  return database
    .insertInto('twins')
    .values({ vin: value('vin'), ...values })
    .onConflict((conflict) => conflict.column('vin').doUpdateSet(values));
});

export async function findTwin(database: Kysely<ApiIotSchema>, vin: string): Promise<TwinRow | null> {
  const { rows } = await twinOf(database, { vin });
  return rows[0] ?? null;
}

export async function saveTwin(transaction: Transaction<ApiIotSchema>, twin: TwinRow): Promise<void> {
  await upsertTwin(transaction, twin);
}

/** Marks one vehicle as online again; false when it was not offline. */
export async function markOnline(
  transaction: Transaction<ApiIotSchema>,
  vin: string,
  at: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('twins')
    .set({ online: 1 })
    .where('vin', '=', vin)
    .where('online', '=', 0)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await insertConnection(transaction, vin, { at, online: true, reason: 'message_received' });
  return true;
}

/** Vehicles marked by one statement. */
const markedMax = 500;

/** Marks every vehicle of a shard as offline: a broker that crashed never published their last wills. */
export async function markAllOffline(
  transaction: Transaction<ApiIotSchema>,
  at: number,
  shard: Shard,
): Promise<void> {
  const online = await transaction.selectFrom('twins').select('vin').where('online', '=', 1).execute();
  const vins = online.map(({ vin }) => vin).filter((vin) => hasVehicle(shard, vin));
  for (let from = 0; from < vins.length; from += markedMax) {
    const page = vins.slice(from, from + markedMax);
    await insertDisconnections(transaction, at, page);
    await transaction.updateTable('twins').set({ online: 0 }).where('vin', 'in', page).execute();
  }
}
