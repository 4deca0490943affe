import type { VehicleFaultType } from '../faults/fault.ts';
import { damageTypes } from './message-damage.ts';

/** Faults that decide by the message or command; `first` and toxicity count those. Of all others, windows. */
const strikes: ReadonlySet<VehicleFaultType> = new Set<VehicleFaultType>([
  'lose_command',
  'lose_ack',
  'duplicate',
  'reorder',
  'delay_ack',
  'hang_at',
  'crash_at',
  'apply_but_no_ack',
  ...damageTypes,
]);

/** Whether a fault of this type decides by the message or command, and not by its window. */
export function isByMessage(type: VehicleFaultType): boolean {
  return strikes.has(type);
}

/**
 * Faults that meet a connection from its beginning to its end, so each connection draws whether they do. Of all others the
 * window draws.
 */
export const perConnection: ReadonlySet<VehicleFaultType> = new Set<VehicleFaultType>([
  'latency',
  'bandwidth',
  'packet_loss',
  'reset_peer',
  'slow_close',
  'limit_data',
]);

/** Faults of the network that the signal strength shows: those that end the connection, and those that spoil it. */
export const losses: ReadonlySet<VehicleFaultType> = new Set<VehicleFaultType>([
  'offline',
  'flapping',
  'timeout',
]);
export const weakening: ReadonlySet<VehicleFaultType> = new Set<VehicleFaultType>([
  ...(['latency', 'bandwidth', 'packet_loss', 'flapping', 'timeout'] as const),
]);

/** Faults of a control unit, which leave with it. */
export const unitFaultTypes: ReadonlySet<VehicleFaultType> = new Set<VehicleFaultType>([
  'reject',
  'unsupported_hardware',
  'ecu_busy',
  'low_12v',
  'storage_full',
]);
