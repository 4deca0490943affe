import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFilePrivate } from '../../shared/live/private-files.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { ConnectivityProfile } from '../fleet/connectivity.ts';
import { makeFleet, type VehicleSpec } from '../fleet/make-fleet.ts';
import { testVehicleSpecs, testVehicles } from '../fleet/test-vehicles.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { RegisteredCustomer, RegisteredVehicle } from '../run/registration.ts';
import type { VehicleModel } from '../vehicle/models.ts';

export interface DemoFleet {
  readonly count: number;
  readonly seed: number;
  readonly connectivity: ConnectivityProfile;
  /** After them, the vehicles whose VIN says how they behave. */
  readonly hasTestVehicles: boolean;
  /** What the vehicles are; without it, the shipped models. */
  readonly models?: readonly VehicleModel[];
}

/**
 * The vehicles of a seed. Their passwords are made once and kept in `fleet.json` of the data folder, readable by this user
 * alone, so that a fleet that starts again is the same fleet.
 */
export async function demoFleet(
  dataFolder: string,
  { count, seed, connectivity, hasTestVehicles, models = shippedModels() }: DemoFleet,
): Promise<VehicleSpec[]> {
  const path = join(dataFolder, 'fleet.json');
  const passwords = await readPasswords(path);
  const newPassword = () => systemSecrets.newToken();
  const random = seededRandom(seed);
  const drawn = makeFleet({ count, random, models, newPassword, connectivity });
  const fleet = [...drawn, ...(hasTestVehicles ? testVehicleSpecs(newPassword, models) : [])].map((spec) => ({
    ...spec,
    password: passwords[spec.vin] ?? spec.password,
  }));
  const known = { ...passwords, ...Object.fromEntries(fleet.map((spec) => [spec.vin, spec.password])) };
  makeFilePrivate(path);
  await writeFile(path, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  return fleet;
}

/** Returns the passwords of the vehicles that a fleet keeps in this file, by VIN; none without the file. */
export async function readPasswords(path: string): Promise<Record<string, string>> {
  try {
    return parseJsonText(await readFile(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${path} cannot be read: restore it, or remove it to give the fleet new passwords`, {
      cause: error,
    });
  }
}

/** A customer for each vehicle, and the vehicles as both surfaces register them. */
export function registrationOf(fleet: readonly VehicleSpec[]): {
  customers: RegisteredCustomer[];
  vehicles: RegisteredVehicle[];
} {
  const testNames = new Map(testVehicles.map(({ vin, name }) => [vin, name]));
  const customerId = (vin: string, index: number) =>
    `customer-${testNames.has(vin) ? `test-${testNames.get(vin)}` : String(index + 1).padStart(4, '0')}`;
  return {
    customers: fleet.map(({ vin }, index) => ({
      id: customerId(vin, index),
      name: `Customer ${index + 1}`,
      email: `${customerId(vin, index)}@example.com`,
      language: 'en',
    })),
    vehicles: fleet.map(({ vin, model, password }, index) => ({
      vin,
      model: model.id,
      modelName: model.name,
      customerId: customerId(vin, index),
      credentialDigest: systemSecrets.digest(password),
    })),
  };
}
