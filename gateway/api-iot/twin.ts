import type { Kysely } from 'kysely';
import type { VehicleTwin } from '../../shared/protocol/api-iot.ts';
import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';
import type { ApiIotSchema, DesiredFeatureRow, TelemetryRow, TwinRow } from './store/schema.ts';
import { findTwin } from './store/vehicles.ts';

/** The stored twin, or that of a vehicle that never spoke. */
export async function knownTwin(database: Kysely<ApiIotSchema>, vin: string): Promise<TwinRow> {
  const twin = await findTwin(database, vin);
  if (twin !== null) return twin;
  return {
    vin,
    online: 0,
    last_seen_at: null,
    clock_skew_ms: null,
    model: null,
    firmware: null,
    reported: null,
  };
}

/**
 * Returns the twin of a vehicle that has just spoken; `clock` is the vehicle's own, null when it could not be read;
 * `wallAheadMs` is the wall clock minus `now`.
 */
export async function heardTwin(
  database: Kysely<ApiIotSchema>,
  vin: string,
  clock: number | null,
  now: number,
  wallAheadMs: number,
): Promise<TwinRow> {
  const known = await knownTwin(database, vin);
  const clockSkewMs = clock === null ? known.clock_skew_ms : clock - now - wallAheadMs;
  return { ...known, last_seen_at: now, clock_skew_ms: clockSkewMs };
}

/** When the last message of the vehicle arrived, of any kind. */
export function lastSeenAt(twin: TwinRow, telemetry: TelemetryRow | null): number | null {
  if (telemetry === null || (twin.last_seen_at ?? 0) >= telemetry.at) return twin.last_seen_at;
  return telemetry.at;
}

/** The twin as callers see it. */
export function vehicleTwin(
  twin: TwinRow,
  model: string,
  desired: readonly DesiredFeatureRow[],
  telemetry: TelemetryRow | null,
): VehicleTwin {
  const spokeLast = telemetry !== null && telemetry.at > (twin.last_seen_at ?? 0) ? telemetry : twin;
  return {
    vin: twin.vin,
    online: twin.online === 1,
    lastSeenAt: lastSeenAt(twin, telemetry),
    model: twin.model ?? model,
    firmware: twin.firmware,
    clockSkewMs: spokeLast.clock_skew_ms,
    desired: desired.map(({ feature, state, version }) => ({ feature, state, version })),
    reported: twin.reported === null ? null : (JSON.parse(twin.reported) as ReportedFeature[]),
    telemetry: telemetry === null ? {} : (JSON.parse(telemetry.signals) as Record<string, unknown>),
    telemetryAt: telemetry?.at ?? null,
  };
}
