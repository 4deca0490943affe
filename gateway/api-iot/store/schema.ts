import type { CommandState, ConnectionReason } from '../../../shared/protocol/api-iot.ts';
import type { IdempotencySchema } from '../../http/idempotency-store.ts';
import type { PruningSchema } from '../../retention/pruning-table.ts';

/** The API IoT's own database. Instants are epoch milliseconds, JSON is text, truth is 0 or 1. */
export interface ApiIotSchema extends IdempotencySchema, PruningSchema {
  vehicles: VehicleRow;
  twins: TwinRow;
  telemetry: TelemetryRow;
  telemetry_samples: TelemetrySampleRow;
  connections: ConnectionRow;
  desired_features: DesiredFeatureRow;
  commands: CommandRow;
  callbacks: CallbackRow;
  processes: ProcessRow;
}

/** A process of this API IoT that runs, or that died without a word. */
export interface ProcessRow {
  /** Of its shard, from 1. */
  shard: number;
  shards: number;
  /** Host and process id. */
  owner: string;
  /** Rises while it runs. */
  beat: number;
}

export interface VehicleRow {
  vin: string;
  model: string;
  /** SHA-256 of the vehicle's random token. */
  credential_digest: string;
  /** Who registered it last, as they named themselves; null where they did not. */
  registered_by: string | null;
}

/** What the vehicle last said of itself; a vehicle that never spoke has no row. */
export interface TwinRow {
  vin: string;
  online: number;
  last_seen_at: number | null;
  clock_skew_ms: number | null;
  model: string | null;
  firmware: string | null;
  /** ReportedFeature[], or null before the first full status. */
  reported: string | null;
}

export interface TelemetryRow {
  vin: string;
  /** Signals by VSS path. */
  signals: string;
  at: number;
  clock_skew_ms: number;
  /** Degrees of the newest known position; null where the vehicle reported none. */
  latitude: number | null;
  longitude: number | null;
}

/** What a vehicle had reported at one moment. Slots are used in turn, so a vehicle has no more rows than there are slots. */
export interface TelemetrySampleRow {
  vin: string;
  slot: number;
  at: number;
  /** Numbers by VSS path. */
  signals: string;
}

/** A vehicle connected or disconnected. */
export interface ConnectionRow {
  vin: string;
  /** Rises by one with each of a vehicle's. */
  n: number;
  at: number;
  online: number;
  reason: ConnectionReason;
}

/** The state that commands last asked for; `version` rises by one with each. */
export interface DesiredFeatureRow {
  vin: string;
  feature: string;
  state: 'active' | 'dormant';
  version: number;
}

export interface CommandRow {
  id: string;
  vin: string;
  client_id: string;
  reference: string;
  key: string | null;
  state: CommandState;
  /** FeatureTarget[]. */
  features: string;
  display: string | null;
  callback_url: string | null;
  traceparent: string | null;
  accepted_at: number;
  expires_at: number;
  ended_at: number | null;
  /** FeatureResult[], or null. */
  results: string | null;
  late: number;
  clock: number | null;
}

/** A callback that is not delivered. */
export interface CallbackRow {
  /** The webhook-id: the same for every try. */
  id: string;
  url: string;
  body: string;
  traceparent: string | null;
  /** Attempts that failed so far. */
  failures: number;
  due_at: number;
  /** When it was put aside for an operator, or null: it is still tried. */
  parked_at: number | null;
  /** Why the newest attempt failed, without credentials. */
  last_error: string | null;
}
