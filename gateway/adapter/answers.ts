import type { CommandResource, VehicleHealth, VehicleTwin } from '../../shared/protocol/api-iot.ts';

/** A command as any API IoT says it; null where that API does not say it. */
export type VehicleCommand = Omit<CommandResource, 'features'> & {
  readonly features: readonly {
    readonly feature: string;
    readonly target: 'active' | 'dormant';
    readonly version: number | null;
  }[];
};

/** A callback: a command has ended. */
export interface CommandEnded {
  readonly type: 'command.ended';
  readonly command: VehicleCommand;
}

/** A vehicle's state as any API IoT says it. `reported` is null where it says nothing of features. */
export type VehicleStatus = Omit<VehicleTwin, 'online'> & { readonly online: boolean | null };

/** A vehicle's connection as any API IoT says it; null where that API does not say it. */
export type VehicleConnection = Omit<VehicleHealth, 'online' | 'pendingCommands' | 'quotaRemaining'> & {
  readonly online: boolean | null;
  readonly pendingCommands: number | null;
  readonly quotaRemaining: number | null;
};

/** What the engine asked for, for an API whose answers do not repeat it. */
export interface AskedCommand {
  readonly vin: string;
  readonly reference: string;
  readonly key: string | null;
  readonly feature: string;
  readonly target: 'active' | 'dormant';
}
