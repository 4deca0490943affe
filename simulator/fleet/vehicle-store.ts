import type { CommandResult } from '../../shared/protocol/device-messages.ts';
import type { Motion } from '../vehicle/motion.ts';
import type { Vehicle } from '../vehicle/vehicle.ts';

/** What a vehicle has in non-volatile memory, but for where it is. */
export interface VehicleMemory extends Pick<Vehicle, 'features' | 'accepted' | 'waiting' | 'answers'> {
  /** Results that no broker had acknowledged. */
  readonly results: readonly CommandResult[];
}

/** Everything that is kept of a vehicle. */
export interface StoredVehicle {
  readonly memory: VehicleMemory | null;
  readonly motion: Motion | null;
}

/** Keeps the vehicles of a fleet outside the process, so that a fleet that starts again is as it was. */
export interface VehicleStore {
  /** Returns what is kept of a vehicle; each part is null when nothing is. */
  load(vin: string): StoredVehicle;
  /** Resolves once the memory is durable: nothing that tells of it may leave the vehicle before. */
  saveMemory(vin: string, memory: VehicleMemory): Promise<void>;
  /** Keeps place, odometer and charge, within seconds. */
  noteMotion(vin: string, motion: Motion): void;
}

/** Returns a vehicle as it was kept. Features that its model no longer has are dropped, and new ones are dormant. */
export function restoredVehicle(vehicle: Vehicle, { memory, motion }: StoredVehicle): Vehicle {
  const moved = motion === null ? vehicle : { ...vehicle, motion };
  if (memory === null) return moved;
  const { features, accepted, waiting, answers } = memory;
  return {
    ...moved,
    ...{ accepted, waiting, answers },
    features: vehicle.features.map(
      (made) => features.find(({ feature }) => feature === made.feature) ?? made,
    ),
  };
}
