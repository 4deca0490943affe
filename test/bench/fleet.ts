import { systemRandom } from '../../shared/live/random.ts';
import { makeFleet, type VehicleSpec } from '../../simulator/fleet/make-fleet.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';

/** The same vehicles in every process. */
export function benchFleet(count: number): VehicleSpec[] {
  let serial = 0;
  return makeFleet({
    first: 1,
    count,
    random: { fraction: () => 0.5, stream: () => ({ fraction: () => 0.5, stream: () => systemRandom }) },
    models: shippedModels(),
    newPassword: () => `bench-${++serial}`,
  });
}
