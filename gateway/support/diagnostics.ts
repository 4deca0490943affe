import type {
  CommandResource,
  ConfigureRequest,
  VehicleHealth,
  VehicleTwin,
} from '../../shared/protocol/api-iot.ts';

/** What could not be read says why, in words for a technician. */
export interface Unavailable {
  readonly unavailable: string;
}

/** What the engine gathers from the API IoT and the configuration templates before it escalates. */
export interface Diagnostics {
  readonly status: VehicleTwin | Unavailable;
  readonly health: VehicleHealth | Unavailable;
  /** The vehicle's latest commands, newest first. */
  readonly history: CommandResource[] | Unavailable;
  /** What was to be sent. */
  readonly configuration: ConfigureRequest | Unavailable;
}
