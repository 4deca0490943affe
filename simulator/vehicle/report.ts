import type { VehicleMessage } from './event.ts';
import type { Coverage } from './signal-strength.ts';
import { signalsOf } from './telemetry.ts';
import { type CommandAnswer, clockOf, type Vehicle } from './vehicle.ts';

/** What the vehicle says about a command; the clock is that of saying it, also when it is said again. */
export function resultMessage(vehicle: Vehicle, answer: CommandAnswer, now: number): VehicleMessage {
  return {
    channel: 'result',
    payload: {
      commandId: answer.commandId,
      vin: vehicle.vin,
      results: [...answer.results],
      clock: clockOf(vehicle, now),
      ...(answer.traceparent === undefined ? {} : { traceparent: answer.traceparent }),
    },
  };
}

/** The long form of the status: what the vehicle is, and every feature that its hardware has. */
export function statusMessage(vehicle: Vehicle, now: number): VehicleMessage {
  return {
    channel: 'status',
    payload: {
      vin: vehicle.vin,
      online: true,
      clock: clockOf(vehicle, now),
      model: vehicle.model.id,
      firmware: vehicle.model.firmware,
      features: [...vehicle.features],
    },
  };
}

/** The signals that are due; the message before was sent `elapsedMs` earlier. */
export function telemetryMessage(
  vehicle: Vehicle,
  now: number,
  elapsedMs: number,
  coverage: Coverage,
): VehicleMessage {
  const signals = signalsOf(vehicle, now, elapsedMs, coverage);
  return { channel: 'telemetry', payload: { vin: vehicle.vin, clock: clockOf(vehicle, now), signals } };
}
