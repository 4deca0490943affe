import type { Telemetry } from '../../shared/protocol/device-messages.ts';
import type { SignalModel, VehicleQuantity } from './models.ts';
import { isCharging, speedOf } from './motion.ts';
import { recordedValue } from './recording.ts';
import { type Coverage, signalStrength } from './signal-strength.ts';
import { featureOf, type Vehicle } from './vehicle.ts';

type SignalValue = Telemetry['signals'][string];

/**
 * Returns the signals of the vehicle's model that are due in a message at `now`, when the one before was sent `elapsedMs`
 * earlier. Floats are rounded, so that two machines write the same bytes.
 */
export function signalsOf(
  vehicle: Vehicle,
  now: number,
  elapsedMs: number,
  coverage: Coverage,
): Telemetry['signals'] {
  const due = vehicle.model.signals.filter(({ everyMs }) => isDue(everyMs, now, elapsedMs));
  const signals: Record<string, SignalValue> = {};
  for (const signal of due) {
    const value = signalValue(vehicle, signal, { now, coverage });
    if (value !== undefined) signals[signal.path] = value;
  }
  return signals;
}

/** A multiple of the signal's time has passed since the message before. */
function isDue(everyMs: number | undefined, now: number, elapsedMs: number): boolean {
  return everyMs === undefined || Math.floor(now / everyMs) !== Math.floor((now - elapsedMs) / everyMs);
}

interface Moment {
  readonly now: number;
  readonly coverage: Coverage;
}

/** Undefined while a recorded signal has no value yet. */
function signalValue(
  vehicle: Vehicle,
  { generator, type }: SignalModel,
  { now, coverage }: Moment,
): SignalValue | undefined {
  switch (generator.from) {
    case 'constant':
      return typeof generator.value === 'object' ? [...generator.value] : generator.value;
    case 'feature': {
      const isActive = featureOf(vehicle, generator.feature)?.state === 'active';
      return generator.active === undefined ? isActive : isActive ? generator.active : generator.dormant;
    }
    case 'wave': {
      const { min, max, periodMs } = generator;
      const value = min + ((max - min) * (1 + Math.sin((2 * Math.PI * now) / periodMs))) / 2;
      return rounded(value, type === 'float' || type === 'double' ? 2 : 0);
    }
    case 'recorded':
      return recordedValue(generator, vehicle.motion.playedMs ?? 0);
    default:
      return quantityOf(vehicle, generator.from, coverage);
  }
}

function quantityOf(vehicle: Vehicle, quantity: VehicleQuantity, coverage: Coverage): SignalValue {
  const { motion, model } = vehicle;
  const isDriving = motion.phase.kind === 'driving';
  switch (quantity) {
    case 'speed':
      return rounded(speedOf(motion) * 3.6, 1);
    case 'odometer':
      return Math.floor(motion.odometerM);
    case 'charge':
      return rounded(motion.chargePercent, 2);
    case 'range':
      return Math.floor((((motion.chargePercent / 100) * model.batteryKwh) / model.kwhPerKm) * 1000);
    case 'latitude':
      return rounded(motion.latitude, 6);
    case 'longitude':
      return rounded(wrapped(motion.longitude), 6);
    case 'heading':
      return rounded(motion.headingDegrees, 1);
    case 'altitude':
      return rounded(motion.altitudeM, 1);
    case 'cabin_temperature':
      return rounded(motion.cabinCelsius, 1);
    case 'low_voltage_state':
      return isDriving ? 'ON' : 'LOCK';
    case 'low_voltage':
      if (vehicle.unitFaults.some((unitFault) => unitFault.kind === 'low_12v')) return 10.9;
      return isDriving ? 14.2 : 12.6;
    case 'is_moving':
      return speedOf(motion) > 0;
    case 'is_charging':
      return isCharging(motion);
    case 'is_connected':
      return true;
    case 'signal_strength':
      return signalStrength(motion.rsrpDbm, coverage);
    case 'trouble_code_count':
      return troubleCodes(vehicle).length;
    case 'trouble_codes':
      return troubleCodes(vehicle);
    default:
      return quantity satisfies never;
  }
}

/** Diagnostic trouble codes of the faults that a workshop would read (SAE J2012). */
function troubleCodes(vehicle: Vehicle): string[] {
  const codes: Readonly<Record<string, string>> = {
    low_12v: 'U3003',
    ecu_busy: 'U0140',
    storage_full: 'U3000',
    partial_apply: 'U0422',
    reject: 'U0322',
  };
  return [...new Set(vehicle.unitFaults.map((unitFault) => codes[unitFault.kind] ?? ''))].filter(
    (code) => code !== '',
  );
}

function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

function wrapped(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}
