import type { SignalModel } from '../vehicle/models.ts';

/**
 * Telemetry of a model that lists none, under the paths and units of COVESA VSS 6. Signal strength has no path there: it
 * uses the overlay `Vehicle.Connectivity.Cellular.RSRP`.
 */
export const standardSignals: readonly SignalModel[] = [
  { path: 'Vehicle.Speed', type: 'float', unit: 'km/h', generator: { from: 'speed' } },
  { path: 'Vehicle.TraveledDistance', type: 'uint32', unit: 'm', generator: { from: 'odometer' } },
  {
    path: 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Current',
    type: 'float',
    unit: 'percent',
    generator: { from: 'charge' },
  },
  { path: 'Vehicle.Powertrain.Range', type: 'uint32', unit: 'm', generator: { from: 'range' } },
  {
    path: 'Vehicle.CurrentLocation.Latitude',
    type: 'double',
    unit: 'degrees',
    generator: { from: 'latitude' },
  },
  {
    path: 'Vehicle.CurrentLocation.Longitude',
    type: 'double',
    unit: 'degrees',
    generator: { from: 'longitude' },
  },
  {
    path: 'Vehicle.CurrentLocation.Heading',
    type: 'double',
    unit: 'degrees',
    generator: { from: 'heading' },
  },
  { path: 'Vehicle.CurrentLocation.Altitude', type: 'double', unit: 'm', generator: { from: 'altitude' } },
  {
    path: 'Vehicle.Cabin.HVAC.AmbientAirTemperature',
    type: 'float',
    unit: 'celsius',
    generator: { from: 'cabin_temperature' },
  },
  { path: 'Vehicle.LowVoltageSystemState', type: 'string', generator: { from: 'low_voltage_state' } },
  {
    path: 'Vehicle.LowVoltageBattery.CurrentVoltage',
    type: 'float',
    unit: 'V',
    generator: { from: 'low_voltage' },
  },
  { path: 'Vehicle.IsMoving', type: 'boolean', generator: { from: 'is_moving' } },
  {
    path: 'Vehicle.Connectivity.IsConnectivityAvailable',
    type: 'boolean',
    generator: { from: 'is_connected' },
  },
  {
    path: 'Vehicle.Connectivity.Cellular.RSRP',
    type: 'int16',
    unit: 'dBm',
    generator: { from: 'signal_strength' },
  },
  { path: 'Vehicle.Diagnostics.DTCCount', type: 'uint8', generator: { from: 'trouble_code_count' } },
  { path: 'Vehicle.Diagnostics.DTCList', type: 'string[]', generator: { from: 'trouble_codes' } },
];
