import type { Kysely, Transaction } from 'kysely';
import { preparedQuery, type ValueOf } from '../../../shared/sql/prepared-query.ts';
import type { ApiIotSchema, TelemetryRow } from './schema.ts';

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
      })),
    )
    .execute();
}
