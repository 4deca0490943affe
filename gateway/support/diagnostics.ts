import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { VehicleCommand, VehicleConnection, VehicleStatus } from '../adapter/answers.ts';

/** What could not be read says why, in words for a technician. */
export interface Unavailable {
  readonly unavailable: string;
}

/** What the engine gathers from the API IoT and the configuration templates before it escalates. */
export interface Diagnostics {
  readonly status: VehicleStatus | Unavailable;
  readonly health: VehicleConnection | Unavailable;
  /** The vehicle's latest commands, newest first. */
  readonly history: VehicleCommand[] | Unavailable;
  /** What was to be sent. */
  readonly configuration: ConfigureRequest | Unavailable;
}
