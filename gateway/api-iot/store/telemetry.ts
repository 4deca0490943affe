import type { Kysely, Transaction } from 'kysely';
import { preparedQuery, type ValueOf } from '../../../shared/sql/prepared-query.ts';
import type { ApiIotSchema, TelemetryRow, TelemetrySampleRow } from './schema.ts';

const byVin = preparedQuery((database: Kysely<ApiIotSchema>, value: ValueOf<{ vin: string }>) =>
  database.selectFrom('telemetry').selectAll().where('vin', '=', value('vin')),
);

export async function findTelemetry(
  database: Kysely<ApiIotSchema>,
  vin: string,
): Promise<TelemetryRow | null> {
  const { rows } = await byVin(database, { vin });
  return rows[0] ?? null;
}

export async function listTelemetry(
  database: Kysely<ApiIotSchema>,
  vins: readonly string[],
): Promise<TelemetryRow[]> {
  return database.selectFrom('telemetry').selectAll().where('vin', 'in', vins).execute();
}

export async function saveTelemetry(
  transaction: Transaction<ApiIotSchema>,
  rows: readonly TelemetryRow[],
): Promise<void> {
  await transaction
    .insertInto('telemetry')
    .values([...rows])
    .onConflict((conflict) =>
      conflict.column('vin').doUpdateSet((row) => ({
        signals: row.ref('excluded.signals'),
        at: row.ref('excluded.at'),
        clock_skew_ms: row.ref('excluded.clock_skew_ms'),
        latitude: row.ref('excluded.latitude'),
        longitude: row.ref('excluded.longitude'),
      })),
    )
    .execute();
}

/** Saves samples, each in the place of an older one of the same slot. */
export async function saveSamples(
  transaction: Transaction<ApiIotSchema>,
  rows: readonly TelemetrySampleRow[],
): Promise<void> {
  await transaction
    .insertInto('telemetry_samples')
    .values([...rows])
    .onConflict((conflict) =>
      conflict.columns(['vin', 'slot']).doUpdateSet((row) => ({
        at: row.ref('excluded.at'),
        signals: row.ref('excluded.signals'),
      })),
    )
    .execute();
}

/** Samples of a vehicle since an instant, oldest first. */
export async function listSamples(
  database: Kysely<ApiIotSchema>,
  vin: string,
  since: number,
): Promise<TelemetrySampleRow[]> {
  return database
    .selectFrom('telemetry_samples')
    .selectAll()
    .where('vin', '=', vin)
    .where('at', '>=', since)
    .orderBy('at')
    .execute();
}
