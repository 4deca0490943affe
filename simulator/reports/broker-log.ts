import {
  type CommandResult,
  type ConfigureCommand,
  commandResultSchema,
  configureCommandSchema,
  type VehicleStatus,
  vehicleStatusSchema,
} from '../../shared/protocol/device-messages.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { parseTopic } from '../../shared/protocol/topics.ts';
import type { BrokerMessage } from './evidence.ts';

/** A message of the broker's log that could be read, with the VIN of its topic. */
export interface Seen<T> {
  readonly at: number;
  /** When the broker certainly had it, or null. */
  readonly takenAt: number | null;
  /** It passed the vehicle's end of the connection. */
  readonly atVehicle: boolean;
  readonly vin: string;
  readonly message: T;
}

export interface BrokerLog {
  readonly commands: readonly Seen<ConfigureCommand>[];
  readonly results: readonly Seen<CommandResult>[];
  readonly statuses: readonly Seen<VehicleStatus>[];
}

/**
 * Reads the log independently of the gateway, by the message schemas. An invalid message, or one that names another VIN, is
 * no evidence.
 */
export function readBrokerLog(messages: readonly BrokerMessage[]): BrokerLog {
  const commands: Seen<ConfigureCommand>[] = [];
  const results: Seen<CommandResult>[] = [];
  const statuses: Seen<VehicleStatus>[] = [];
  for (const { at, topic, payload, takenAt = at, atVehicle = true } of messages) {
    const parsed = parseTopic(topic);
    if (parsed === null || parsed.channel === 'telemetry') continue;
    const { vin, channel } = parsed;
    const value = jsonOf(payload);
    const keep = <T extends { readonly vin: string }>(
      list: Seen<T>[],
      reading: { success: true; data: T } | { success: false },
    ) => {
      if (reading.success && reading.data.vin === vin)
        list.push({ at, takenAt, atVehicle, vin, message: reading.data });
    };
    if (channel === 'configure') keep(commands, configureCommandSchema.safeParse(value));
    else if (channel === 'result') keep(results, commandResultSchema.safeParse(value));
    else keep(statuses, vehicleStatusSchema.safeParse(value));
  }
  return { commands, results, statuses };
}
