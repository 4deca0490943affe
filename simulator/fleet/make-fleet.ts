import { integerBetween, pick, pickWeighted, type Random } from '../../shared/ports/random.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { ConnectivityProfile, Outage } from './connectivity.ts';
import type { VehicleFault } from './vehicle-faults.ts';
import { serialOfFirst, type VehicleRange, vehicleNumberMax } from './vehicle-range.ts';

/** One vehicle of a fleet, before it runs. */
export interface VehicleSpec {
  /** Its number in the sequence of its seed, from 1; left out where it is not of one. */
  readonly number?: number;
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

/** Where vehicles start: latitude and longitude of cities in each region, which a region's vehicles take in turn. */
const regions = [
  {
    region: 'DE',
    cities: [
      [52.52, 13.405],
      [48.1351, 11.582],
      [50.9375, 6.9603],
      [53.5511, 9.9937],
      [50.1109, 8.6821],
    ],
  },
  {
    region: 'ES',
    cities: [
      [40.4168, -3.7038],
      [41.45, 2.1],
      [37.3891, -5.9845],
      [41.6488, -0.8891],
    ],
  },
  {
    region: 'FR',
    cities: [
      [48.8566, 2.3522],
      [45.764, 4.8357],
      [43.6047, 1.4442],
      [47.2184, -1.5536],
    ],
  },
  {
    region: 'IT',
    cities: [
      [41.9028, 12.4964],
      [45.4642, 9.19],
      [45.0703, 7.6869],
      [44.4949, 11.3426],
    ],
  },
  {
    region: 'SE',
    cities: [
      [59.3293, 18.0686],
      [55.7047, 13.191],
      [58.4108, 15.6214],
    ],
  },
] as const;

/** The regions in which a fleet may drive. */
export const fleetRegions: readonly string[] = regions.map(({ region }) => region);

/** How often each of these names is drawn, in proportion to the others; a name that is left out never is. */
export type Weights = ReadonlyMap<string, number>;

/**
 * The vehicles of a range, with valid VINs (right check digit, none twice), models and regions drawn at random. `newPassword`
 * makes one secret a vehicle. The same random gives the same vehicle under each number, regardless of the range that it is in.
 */
export function makeFleet(
  options: VehicleRange & {
    readonly random: Random;
    readonly models: readonly VehicleModel[];
    /** By the ids of models; without it, all are as frequent. */
    readonly modelWeights?: Weights | undefined;
    /** By region; without it, all are as frequent. */
    readonly regionWeights?: Weights | undefined;
    readonly newPassword: () => string;
    readonly connectivity?: ConnectivityProfile;
  },
): VehicleSpec[] {
  const { first, count, newPassword, connectivity = 'steady' } = options;
  if (first + count - 1 > vehicleNumberMax)
    throw new Error(`makeFleet: vehicle ${vehicleNumberMax} is the last one`);
  const random = options.random.stream('fleet');
  const { models, modelWeights, regionWeights } = options;
  const nextModel = drawOf(random, models, ({ id }) => id, modelWeights);
  const nextRegion = drawOf(random, regions, ({ region }) => region, regionWeights);
  const drawn = (number: number) => {
    const model = nextModel();
    const { region, cities } = nextRegion();
    const [latitude, longitude] = cities[(number - 1) % cities.length] ?? cities[0];
    return {
      number,
      vin: makeVin(model.vinPrefix, model.vinPlant, serialOfFirst + number - 1),
      model,
      region,
      // Within some 10 km of the city.
      latitude: latitude + (random.fraction() - 0.5) / 5,
      longitude: longitude + (random.fraction() - 0.5) / 5,
      chargePercent: integerBetween(random, 45, 95),
    };
  };
  // What is drawn for the vehicles before the range is theirs.
  for (let number = 1; number < first; number += 1) drawn(number);
  return Array.from({ length: count }, (_, index) => ({
    ...drawn(first + index),
    password: newPassword(),
    connectivity,
    faults: [],
  }));
}

/** Returns what draws one of the items. */
function drawOf<Item>(
  random: Random,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  weights: Weights | undefined,
): () => Item {
  if (weights === undefined) return () => pick(random, items);
  const weighted = items.flatMap((item) => {
    const weight = weights.get(nameOf(item)) ?? 0;
    return weight > 0 ? [{ item, weight }] : [];
  });
  return () => pickWeighted(random, weighted).item;
}
