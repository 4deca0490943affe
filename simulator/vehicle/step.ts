import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';
import { applyAccepted, endWaiting, receiveCommand } from './configure.ts';
import type { VehicleEvent, VehicleStep } from './event.ts';
import { move } from './motion.ts';
import { statusMessage, telemetryMessage } from './report.ts';
import { goodCoverage } from './signal-strength.ts';
import { featureOf, type Vehicle } from './vehicle.ts';

/**
 * The whole behaviour of a vehicle: the same vehicle and the same event always give the same step. It never throws for
 * anything that came over the air.
 */
export function step(vehicle: Vehicle, event: VehicleEvent): VehicleStep {
  switch (event.type) {
    case 'command':
      return receiveCommand(vehicle, event.command, event.now);
    case 'applied':
      return applyAccepted(vehicle, event.commandId, event.now);
    case 'connected':
      return { vehicle, messages: vehicle.running ? [statusMessage(vehicle, event.now)] : [] };
    case 'restart':
      return { vehicle: { ...vehicle, running: false, display: null }, messages: [] };
    case 'boot':
      // What was accepted before the power was lost is in non-volatile memory: it is applied now.
      return {
        vehicle: { ...vehicle, running: true },
        messages: [],
        applying: vehicle.accepted.map((command) => command.id),
      };
    case 'tick': {
      const { now, elapsedMs, speedUp = 1, draws, coverage = goodCoverage } = event;
      const motion = move(vehicle.motion, vehicle.model, elapsedMs * speedUp, draws, loadOf(vehicle));
      const moved = { ...vehicle, motion };
      if (!moved.running) return { vehicle: moved, messages: [] };
      const ended = endWaiting(moved, motion.ignitionCycles > vehicle.motion.ignitionCycles, now);
      return {
        ...ended,
        messages: [...ended.messages, telemetryMessage(ended.vehicle, now, elapsedMs, coverage)],
      };
    }
    case 'unit_fault_begins':
      return { vehicle: { ...vehicle, unitFaults: [...vehicle.unitFaults, event.unitFault] }, messages: [] };
    case 'unit_fault_ends':
      return {
        vehicle: { ...vehicle, unitFaults: vehicle.unitFaults.filter(({ id }) => id !== event.id) },
        messages: [],
      };
    case 'clock_set':
      return { vehicle: { ...vehicle, clockSkewMs: event.skewMs }, messages: [] };
    case 'feature_lost':
      return replaceUnit(vehicle, event, 'dormant');
    case 'feature_gained':
      return replaceUnit(vehicle, event, 'active');
    default:
      return event satisfies never;
  }
}

/** Kilowatts that active features take while the vehicle drives. */
function loadOf({ model, features }: Vehicle): number {
  let loadKw = 0;
  for (const { id, loadKw: own } of model.known)
    if (own > 0 && features.some(({ feature, state }) => feature === id && state === 'active')) loadKw += own;
  return loadKw;
}

/** Its version stays: only a higher one changes it again. */
function replaceUnit(
  vehicle: Vehicle,
  { feature, now }: { readonly feature: string; readonly now: number },
  state: ReportedFeature['state'],
): VehicleStep {
  const stands = featureOf(vehicle, feature)?.state;
  if (stands === undefined || stands === state) return { vehicle, messages: [] };
  const features = vehicle.features.map((item) => (item.feature === feature ? { ...item, state } : item));
  const changed = { ...vehicle, features };
  return { vehicle: changed, messages: changed.running ? [statusMessage(changed, now)] : [] };
}
