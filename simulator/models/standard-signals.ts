import type { SignalModel, VehicleQuantity } from '../vehicle/models.ts';

/** VSS path, data type, unit (null without one), and the part of the vehicle that it shows. */
const rows: readonly (readonly [path: string, type: string, unit: string | null, from: VehicleQuantity])[] = [
  ['Vehicle.Speed', 'float', 'km/h', 'speed'],
  ['Vehicle.TraveledDistance', 'uint32', 'm', 'odometer'],
  ['Vehicle.Powertrain.TractionBattery.StateOfCharge.Current', 'float', 'percent', 'charge'],
  ['Vehicle.Powertrain.TractionBattery.Charging.IsCharging', 'boolean', null, 'is_charging'],
  ['Vehicle.Powertrain.Range', 'uint32', 'm', 'range'],
  ['Vehicle.CurrentLocation.Latitude', 'double', 'degrees', 'latitude'],
  ['Vehicle.CurrentLocation.Longitude', 'double', 'degrees', 'longitude'],
  ['Vehicle.CurrentLocation.Heading', 'double', 'degrees', 'heading'],
  ['Vehicle.CurrentLocation.Altitude', 'double', 'm', 'altitude'],
  ['Vehicle.Cabin.HVAC.AmbientAirTemperature', 'float', 'celsius', 'cabin_temperature'],
  ['Vehicle.LowVoltageSystemState', 'string', null, 'low_voltage_state'],
  ['Vehicle.LowVoltageBattery.CurrentVoltage', 'float', 'V', 'low_voltage'],
  ['Vehicle.IsMoving', 'boolean', null, 'is_moving'],
  ['Vehicle.Connectivity.IsConnectivityAvailable', 'boolean', null, 'is_connected'],
  ['Vehicle.Connectivity.Cellular.RSRP', 'int16', 'dBm', 'signal_strength'],
  ['Vehicle.Diagnostics.DTCCount', 'uint8', null, 'trouble_code_count'],
  ['Vehicle.Diagnostics.DTCList', 'string[]', null, 'trouble_codes'],
];

/**
 * Telemetry of a model that lists none, under the paths and units of COVESA VSS 6. Signal strength has no path there: it
 * uses the overlay `Vehicle.Connectivity.Cellular.RSRP`.
 */
export const standardSignals: readonly SignalModel[] = rows.map(([path, type, unit, from]) => ({
  path,
  type,
  ...(unit === null ? {} : { unit }),
  generator: { from },
}));
