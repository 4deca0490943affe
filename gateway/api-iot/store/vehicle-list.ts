import type { Kysely } from 'kysely';
import type { ApiIotSchema, DesiredFeatureRow } from './schema.ts';

export interface VehicleListRow {
  readonly vin: string;
  readonly model: string;
  /** Null: it never reported. */
  readonly online: number | null;
  readonly last_seen_at: number | null;
  /** ReportedFeature[] as JSON, or null. */
  readonly reported: string | null;
  readonly telemetry_at: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Vehicles after a VIN, in the order of the VINs. */
export async function listVehicles(
  database: Kysely<ApiIotSchema>,
  after: string,
  limit: number,
): Promise<VehicleListRow[]> {
  return database
    .selectFrom('vehicles')
    .leftJoin('twins', 'twins.vin', 'vehicles.vin')
    .leftJoin('telemetry', 'telemetry.vin', 'vehicles.vin')
    .select(['vehicles.vin', 'vehicles.model', 'twins.online', 'twins.last_seen_at', 'twins.reported'])
    .select(['telemetry.at as telemetry_at', 'telemetry.latitude', 'telemetry.longitude'])
    .where('vehicles.vin', '>', after)
    .orderBy('vehicles.vin')
    .limit(limit)
    .execute();
}

/** What was asked of the vehicles from one VIN to another. */
export async function listDesiredBetween(
  database: Kysely<ApiIotSchema>,
  first: string,
  last: string,
): Promise<DesiredFeatureRow[]> {
  return database
    .selectFrom('desired_features')
    .selectAll()
    .where('vin', '>=', first)
    .where('vin', '<=', last)
    .execute();
}
