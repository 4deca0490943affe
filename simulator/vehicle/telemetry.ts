import type { Telemetry } from '../../shared/protocol/device-messages.ts';
import { speedOf } from './motion.ts';
import type { Vehicle } from './vehicle.ts';

/**
 * The vehicle's signals under their COVESA VSS 6 paths and units. Signal strength has no path there: it uses the overlay
 * `Vehicle.Connectivity.Cellular.RSRP` (dBm). Floats are rounded, so that two machines write the same bytes.
 */
export function signalsOf(vehicle: Vehicle): Telemetry['signals'] {
  const { motion, model } = vehicle;
  const speed = speedOf(motion);
  const driving = motion.phase.kind === 'driving';
  const low = vehicle.troubles.some((trouble) => trouble.kind === 'low_12v');
  const codes = troubleCodes(vehicle);
  const rangeKm = ((motion.chargePercent / 100) * model.batteryKwh) / model.kwhPerKm;
  return {
    'Vehicle.Speed': rounded(speed * 3.6, 1),
    'Vehicle.TraveledDistance': Math.floor(motion.odometerM),
    'Vehicle.Powertrain.TractionBattery.StateOfCharge.Current': rounded(motion.chargePercent, 2),
    'Vehicle.Powertrain.Range': Math.floor(rangeKm * 1000),
    'Vehicle.CurrentLocation.Latitude': rounded(motion.latitude, 6),
    'Vehicle.CurrentLocation.Longitude': rounded(wrapped(motion.longitude), 6),
    'Vehicle.CurrentLocation.Heading': rounded(motion.headingDegrees, 1),
    'Vehicle.CurrentLocation.Altitude': rounded(motion.altitudeM, 1),
    'Vehicle.Cabin.HVAC.AmbientAirTemperature': rounded(motion.cabinCelsius, 1),
    'Vehicle.LowVoltageSystemState': driving ? 'ON' : 'LOCK',
    'Vehicle.LowVoltageBattery.CurrentVoltage': low ? 10.9 : driving ? 14.2 : 12.6,
    'Vehicle.IsMoving': speed > 0,
    'Vehicle.Connectivity.IsConnectivityAvailable': true,
    'Vehicle.Connectivity.Cellular.RSRP': Math.round(motion.rsrpDbm),
    'Vehicle.Diagnostics.DTCCount': codes.length,
    'Vehicle.Diagnostics.DTCList': codes,
  };
}

/** Diagnostic trouble codes of the troubles that a workshop would read out (SAE J2012). */
function troubleCodes(vehicle: Vehicle): string[] {
  const codes: Readonly<Record<string, string>> = {
    low_12v: 'U3003',
    ecu_busy: 'U0140',
    storage_full: 'U3000',
  };
  return [...new Set(vehicle.troubles.map((trouble) => codes[trouble.kind] ?? ''))].filter(
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
