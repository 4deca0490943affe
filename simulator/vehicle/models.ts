import type { Recording } from './recording.ts';

/** Kinds of values that a parameter of a feature takes. */
export type ParameterType = 'integer' | 'number' | 'boolean' | 'string';
export type ParameterValue = string | number | boolean;

/** A parameter that the control unit of a feature takes. */
export interface ParameterModel {
  readonly name: string;
  readonly type: ParameterType;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly ParameterValue[];
  /** Used by an activation that does not name the parameter. */
  readonly default: ParameterValue;
}

/** What must hold at the moment at which a feature is switched on or changed. */
export interface Preconditions {
  readonly parked?: true;
  readonly ignition?: 'off' | 'on';
  /** State of charge of the traction battery, in percent. */
  readonly chargeAtLeast?: number;
}

/** A feature that the firmware of a model knows. */
export interface FeatureModel {
  readonly id: string;
  /** An always-on feature belongs to the base platform, and no command switches it. */
  readonly kind: 'optional' | 'always_on';
  readonly hasHardware: boolean;
  /** The control unit that applies it. */
  readonly ecu: string | null;
  readonly parameters: readonly ParameterModel[];
  readonly preconditions: Preconditions;
  /** Features that must be active before this one can be. */
  readonly requires: readonly string[];
  /** What a control unit does with a command whose preconditions or dependencies do not hold. */
  readonly whenNotReady: 'retry' | 'next_ignition_cycle';
  readonly applyMs: number;
  /** What it takes from the battery while it is active and the vehicle drives. */
  readonly loadKw: number;
}

/** A control unit with the version of its firmware. */
export interface EcuModel {
  readonly id: string;
  readonly name?: string;
  readonly firmware: string;
}

/** How the value of a telemetry signal is made. */
export type SignalGenerator =
  | { readonly from: VehicleQuantity }
  | { readonly from: 'constant'; readonly value: ParameterValue | readonly string[] }
  | { readonly from: 'wave'; readonly min: number; readonly max: number; readonly periodMs: number }
  /** Whether the feature is active; with two numbers, one of them. */
  | { readonly from: 'feature'; readonly feature: string; readonly active?: undefined }
  | {
      readonly from: 'feature';
      readonly feature: string;
      readonly active: number;
      readonly dormant: number;
    }
  | ({ readonly from: 'recorded' } & Recording);

/** Quantities of the simulated vehicle that a signal can show. */
export const vehicleQuantities = {
  speed: 'number',
  odometer: 'number',
  charge: 'number',
  range: 'number',
  latitude: 'number',
  longitude: 'number',
  heading: 'number',
  altitude: 'number',
  cabin_temperature: 'number',
  low_voltage_state: 'string',
  low_voltage: 'number',
  is_moving: 'boolean',
  is_charging: 'boolean',
  is_connected: 'boolean',
  signal_strength: 'number',
  trouble_code_count: 'number',
  trouble_codes: 'string[]',
} as const;
export type VehicleQuantity = keyof typeof vehicleQuantities;

export interface SignalModel {
  /** Path in COVESA VSS: `Vehicle.Speed`. */
  readonly path: string;
  /** Data type of VSS: `float`. */
  readonly type: string;
  readonly unit?: string;
  /** Without it, the signal is in every telemetry message. */
  readonly everyMs?: number;
  readonly generator: SignalGenerator;
}

/** How long drives and stops last, each drawn between the two limits. Milliseconds. */
export interface TripModel {
  readonly driveMs: readonly [number, number];
  readonly stopMs: readonly [number, number];
}

/** What a vehicle of one model was built with, read from a model file. The firmware knows every feature; the hardware may lack some. */
export interface VehicleModel {
  /** As in the service catalogue: `aurora-2026`. */
  readonly id: string;
  readonly name: string;
  readonly firmware: string;
  readonly ecus: readonly EcuModel[];
  /** The optional features whose hardware is built in. They leave the factory dormant. */
  readonly features: readonly string[];
  /** Every feature that the firmware knows. */
  readonly known: readonly FeatureModel[];
  /** WMI and VDS without the check digit: 8 characters of the VIN. */
  readonly vinPrefix: string;
  /** Model year and plant: 2 characters of the VIN. */
  readonly vinPlant: string;
  readonly batteryKwh: number;
  /** Mean consumption while driving. */
  readonly kwhPerKm: number;
  readonly trips: TripModel;
  readonly signals: readonly SignalModel[];
}

/** `aurora-2026` is sold as `Aurora 2026`. */
export function modelName(id: string): string {
  return id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

/** Returns every optional feature that the firmware of one of the models knows, each once. */
export function optionalFeatures(models: readonly VehicleModel[]): string[] {
  const all = models.flatMap(({ known }) =>
    known.filter(({ kind }) => kind === 'optional').map(({ id }) => id),
  );
  return [...new Set(all)];
}
