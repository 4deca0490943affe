import type {
  CommandResult,
  ConfigureCommand,
  Telemetry,
  VehicleStatus,
} from '../../shared/protocol/device-messages.ts';
import type { Coverage } from './signal-strength.ts';
import type { UnitFault, Vehicle } from './vehicle.ts';

/** What can happen to a vehicle. `now` is the true instant; the vehicle reads it through its own, perhaps wrong, clock. */
export type VehicleEvent =
  /** A command arrived (again). Its format is already validated. */
  | { readonly type: 'command'; readonly now: number; readonly command: ConfigureCommand }
  /** The ECU has had the time that it needs for an accepted command. */
  | { readonly type: 'applied'; readonly now: number; readonly commandId: string }
  /** The connection to the broker stands: the vehicle says what it is. */
  | { readonly type: 'connected'; readonly now: number }
  /** Power is lost: what is volatile is gone. */
  | { readonly type: 'restart'; readonly now: number }
  | { readonly type: 'boot'; readonly now: number }
  | { readonly type: 'unit_fault_begins'; readonly unitFault: UnitFault }
  /** Ends the fault with this id; no effect if it has ended already. */
  | { readonly type: 'unit_fault_ends'; readonly id: string }
  /** Its own clock is so far from the true time from now on. */
  | { readonly type: 'clock_set'; readonly skewMs: number }
  /** A workshop replaced the control unit: the feature becomes dormant, without a command from the cloud. */
  | { readonly type: 'feature_lost'; readonly now: number; readonly feature: string }
  /** The new control unit comes from another car, in which the feature was active. */
  | { readonly type: 'feature_gained'; readonly now: number; readonly feature: string }
  /** Time passed. `draws` are fractions in [0, 1), at least one; the same draws give the same drive. */
  | {
      readonly type: 'tick';
      readonly now: number;
      readonly elapsedMs: number;
      /** How many times as fast the vehicle drives and charges; without it, once. */
      readonly speedUp?: number;
      readonly draws: readonly number[];
      /** Default: nothing disturbs the connection. */
      readonly coverage?: Coverage;
    };

/** What the vehicle wants published; the shell knows topics, QoS and retries. */
export type VehicleMessage =
  | { readonly channel: 'result'; readonly payload: CommandResult }
  | { readonly channel: 'status'; readonly payload: VehicleStatus }
  | { readonly channel: 'telemetry'; readonly payload: Telemetry };

export interface VehicleStep {
  readonly vehicle: Vehicle;
  readonly messages: readonly VehicleMessage[];
  /** A text that appeared on the display in this step. */
  readonly display?: string;
  /** Ids of commands that the shell must end with an `applied` event, each after the time that applying takes. */
  readonly applying?: readonly string[];
  /** Why a command was dropped without an answer. */
  readonly refused?: 'foreign_vin' | 'not_running' | 'too_many_commands';
}
