import type { ConfigureCommand, FeatureResult } from '../../shared/protocol/device-messages.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';
import type { VehicleStep } from '../../simulator/vehicle/event.ts';
import { step } from '../../simulator/vehicle/step.ts';
import { newVehicle, type UnitFault, type Vehicle } from '../../simulator/vehicle/vehicle.ts';

export const vin = '1M8GDM9AXKP042788';
export const otherVin = 'WDBEA30D3HA391172';
export const noon = 1_800_000_000_000;

export function modelOf(id: string) {
  const model = shippedModels().find((item) => item.id === id);
  if (!model) throw new Error(`no model ${id}`);
  return model;
}

export function vehicleOf(
  options: {
    model?: string;
    clockSkewMs?: number;
    unitFaults?: readonly UnitFault[];
    chargePercent?: number;
  } = {},
): Vehicle {
  return newVehicle({
    vin,
    model: modelOf(options.model ?? 'aurora-2026'),
    clockSkewMs: options.clockSkewMs ?? 0,
    unitFaults: options.unitFaults ?? [],
    latitude: 40.4,
    longitude: -3.7,
    chargePercent: options.chargePercent ?? 70,
  });
}

export function command(
  id: string,
  features: readonly (readonly [feature: string, target: 'active' | 'dormant', version: number])[],
  more: Partial<ConfigureCommand> = {},
): ConfigureCommand {
  return {
    id,
    vin,
    features: features.map(([feature, target, version]) => ({ feature, target, version })),
    sentAt: noon,
    expiresAt: noon + 300_000,
    ...more,
  };
}

/** Hands the command in and, when it was accepted, lets the ECU finish it. */
export function deliver(vehicle: Vehicle, sent: ConfigureCommand, now = noon): VehicleStep {
  const received = step(vehicle, { type: 'command', now, command: sent });
  if (!received.applying?.includes(sent.id)) return received;
  return step(received.vehicle, { type: 'applied', now, commandId: sent.id });
}

/** The results in the step's answer, or null when it held none. */
export function resultsOf(taken: VehicleStep): readonly FeatureResult[] | null {
  for (const message of taken.messages) if (message.channel === 'result') return message.payload.results;
  return null;
}
