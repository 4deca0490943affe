import { type Kysely, sql, type Transaction } from 'kysely';
import type { ApiIotSchema, TelemetryRow } from './schema.ts';

export async function findTelemetry(
  database: Kysely<ApiIotSchema>,
  vin: string,
): Promise<TelemetryRow | null> {
  const { rows } = await sql<TelemetryRow>`select * from telemetry where vin = ${vin}`.execute(database);
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
      })),
    )
    .execute();
}
