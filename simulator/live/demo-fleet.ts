import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFilePrivate } from '../../shared/live/private-files.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { ConnectivityProfile } from '../fleet/connectivity.ts';
import { makeFleet, type VehicleSpec, type Weights } from '../fleet/make-fleet.ts';
import { testVehicleSpecs, testVehicles } from '../fleet/test-vehicles.ts';
import type { VehicleRange } from '../fleet/vehicle-range.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { RegisteredCustomer, RegisteredVehicle } from '../run/registration.ts';
import type { VehicleModel } from '../vehicle/models.ts';

export interface DemoFleet extends VehicleRange {
  readonly seed: number;
  readonly connectivity: ConnectivityProfile;
  /** After them, the vehicles whose VIN says how they behave. */
  readonly hasTestVehicles: boolean;
  /** What the vehicles are; without it, the shipped models. */
  readonly models?: readonly VehicleModel[];
  readonly modelWeights?: Weights | undefined;
  readonly regionWeights?: Weights | undefined;
}

/**
 * The vehicles of a range of a seed's sequence. Their passwords are made once and kept in `fleet.json` of the data folder, readable by this user
 * alone, so that a fleet that starts again is the same fleet.
 */
export async function demoFleet(
  dataFolder: string,
  { seed, hasTestVehicles, models = shippedModels(), ...drawn }: DemoFleet,
): Promise<VehicleSpec[]> {
  const path = join(dataFolder, 'fleet.json');
  const passwords = await readPasswords(path);
  const newPassword = () => systemSecrets.newToken();
  const ofRange = makeFleet({ ...drawn, random: seededRandom(seed), models, newPassword });
  const fleet = [...ofRange, ...(hasTestVehicles ? testVehicleSpecs(newPassword, models) : [])].map(
    (spec) => ({
      ...spec,
      password: passwords[spec.vin] ?? spec.password,
    }),
  );
  const known = { ...passwords, ...Object.fromEntries(fleet.map((spec) => [spec.vin, spec.password])) };
  // A process that dies while it writes takes no passwords along.
  const draft = `${path}.new`;
  makeFilePrivate(draft);
  await writeFile(draft, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
  return fleet;
}

/** Returns the passwords of the vehicles that a fleet keeps in this file, by VIN; none without the file. */
export async function readPasswords(path: string): Promise<Record<string, string>> {
  try {
    return parseJsonText(await readFile(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(
      `${path} cannot be read: restore it, or remove it and start with --take-over, which gives the fleet new passwords`,
      {
        cause: error,
      },
    );
  }
}

const testNames = new Map(testVehicles.map(({ vin, name }) => [vin, name]));

/** Returns the customer of a vehicle: by its number, or by the name of a test vehicle. */
export function customerIdOf({ vin, number = 0 }: Pick<VehicleSpec, 'vin' | 'number'>): string {
  const name = testNames.get(vin);
  return `customer-${name === undefined ? String(number).padStart(4, '0') : `test-${name}`}`;
}

/** A customer for each vehicle, and the vehicles as both surfaces register them. */
export function registrationOf(fleet: readonly VehicleSpec[]): {
  customers: RegisteredCustomer[];
  vehicles: RegisteredVehicle[];
} {
  return {
    customers: fleet.map((spec, index) => ({
      id: customerIdOf(spec),
      name: `Customer ${spec.number ?? index + 1}`,
      email: `${customerIdOf(spec)}@example.com`,
      language: 'en',
    })),
    vehicles: fleet.map((spec) => ({
      vin: spec.vin,
      model: spec.model.id,
      modelName: spec.model.name,
      customerId: customerIdOf(spec),
      credentialDigest: systemSecrets.digest(spec.password),
    })),
  };
}
