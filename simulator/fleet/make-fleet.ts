import { integerBetween, pick, type Random } from '../../shared/ports/random.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { ConnectivityProfile, Outage } from './connectivity.ts';
import type { VehicleFault } from './vehicle-faults.ts';

/** One vehicle of a fleet, before it runs. */
export interface VehicleSpec {
  readonly vin: string;
  readonly model: VehicleModel;
  /** ISO 3166-1 alpha-2. */
  readonly region: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly chargePercent: number;
  /** Its MQTT password; the API IoT keeps the digest. */
  readonly password: string;
  readonly connectivity: ConnectivityProfile;
  /** Recorded ones, in the order of time, in place of the profile's. */
  readonly outages?: readonly Outage[];
  readonly faults: readonly VehicleFault[];
}

/** Where vehicles start: a city of each region. */
const regions = [
  { region: 'DE', latitude: 52.52, longitude: 13.405 },
  { region: 'ES', latitude: 40.4168, longitude: -3.7038 },
  { region: 'FR', latitude: 48.8566, longitude: 2.3522 },
  { region: 'IT', latitude: 41.9028, longitude: 12.4964 },
  { region: 'SE', latitude: 59.3293, longitude: 18.0686 },
] as const;

/** Six digits of a VIN count the vehicles of one model and plant. */
const countMax = 900_000;

/**
 * `count` vehicles with valid VINs (right check digit, none twice), models and regions drawn at random. `newPassword`
 * makes one secret a vehicle. The same random gives the same fleet; a larger count only adds vehicles.
 */
export function makeFleet(options: {
  readonly count: number;
  readonly random: Random;
  readonly models: readonly VehicleModel[];
  readonly newPassword: () => string;
  readonly connectivity?: ConnectivityProfile;
}): VehicleSpec[] {
  if (options.count > countMax) throw new Error(`makeFleet: at most ${countMax} vehicles`);
  const random = options.random.stream('fleet');
  return Array.from({ length: options.count }, (_, index) => {
    const model = pick(random, options.models);
    const { region, latitude, longitude } = pick(random, regions);
    return {
      vin: makeVin(model.vinPrefix, model.vinPlant, 100_000 + index),
      model,
      region,
      // Within some 10 km of the city.
      latitude: latitude + (random.fraction() - 0.5) / 5,
      longitude: longitude + (random.fraction() - 0.5) / 5,
      chargePercent: integerBetween(random, 45, 95),
      password: options.newPassword(),
      connectivity: options.connectivity ?? 'steady',
      faults: [],
    };
  });
}
