import type {
  ConfigureCommand,
  FeatureResult,
  ReportedFeature,
} from '../../shared/protocol/device-messages.ts';
import type { VehicleModel } from './models.ts';
import { type Motion, parkedAt } from './motion.ts';

/**
 * One vehicle as data. Features, accepted commands and answers are in non-volatile memory: a restart keeps them.
 * Invariant: the version of a feature never falls, and `features` always lists exactly what the hardware has.
 */
export interface Vehicle {
  readonly vin: string;
  readonly model: VehicleModel;
  /** The vehicle's own clock minus the true time. */
  readonly clockSkewMs: number;
  readonly features: readonly ReportedFeature[];
  /** Commands taken and not yet applied, oldest first; at most `acceptedMax`. */
  readonly accepted: readonly ConfigureCommand[];
  /** Ids of accepted commands that wait for the end of an ignition cycle. */
  readonly waiting: readonly string[];
  /** The last `answerMax` answers, newest last: a command that comes again is answered from here. */
  readonly answers: readonly CommandAnswer[];
  /** False between a restart and the boot that ends it. */
  readonly running: boolean;
  /** What the display shows now, or null. Volatile. */
  readonly display: string | null;
  readonly unitFaults: readonly UnitFault[];
  readonly motion: Motion;
}

export interface CommandAnswer {
  readonly commandId: string;
  readonly results: readonly FeatureResult[];
  readonly traceparent?: string;
}

/**
 * Something that keeps the vehicle from applying. `ecu_busy`, `low_12v` and `storage_full` pass (outcome `failed`),
 * `reject` never does (outcome `rejected`). `partial_apply` lets the first feature of a command through and fails the rest.
 */
export interface UnitFault {
  /** By which it is ended; one that ends by itself needs none. */
  readonly id?: string;
  readonly kind: 'ecu_busy' | 'low_12v' | 'storage_full' | 'partial_apply' | 'reject';
  /** Only this feature, or null for all. */
  readonly feature: string | null;
  /** Text of the result's `reason`; the kind when null. */
  readonly reason: string | null;
  /** For how many more commands it stands; null is for good. */
  readonly remaining: number | null;
}

export const acceptedMax = 16;
export const answerMax = 32;

export interface VehicleIdentity {
  readonly vin: string;
  readonly model: VehicleModel;
  readonly clockSkewMs?: number;
  readonly unitFaults?: readonly UnitFault[];
  readonly latitude: number;
  readonly longitude: number;
  /** State of charge in percent. */
  readonly chargePercent: number;
}

/** A vehicle as it leaves the factory: parked, running, every optional feature dormant at version 0. */
export function newVehicle(identity: VehicleIdentity): Vehicle {
  return {
    vin: identity.vin,
    model: identity.model,
    clockSkewMs: identity.clockSkewMs ?? 0,
    features: identity.model.features.map((feature) => ({ feature, state: 'dormant', version: 0 })),
    accepted: [],
    waiting: [],
    answers: [],
    running: true,
    display: null,
    unitFaults: identity.unitFaults ?? [],
    motion: parkedAt(identity.latitude, identity.longitude, identity.chargePercent),
  };
}

export function clockOf(vehicle: Vehicle, now: number): number {
  return Math.round(now + vehicle.clockSkewMs);
}

export function featureOf(vehicle: Vehicle, feature: string): ReportedFeature | null {
  return vehicle.features.find((item) => item.feature === feature) ?? null;
}
