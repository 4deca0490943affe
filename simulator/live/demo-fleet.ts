import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { ConnectivityProfile } from '../fleet/connectivity.ts';
import { makeFleet, type VehicleSpec } from '../fleet/make-fleet.ts';
import { modelName, vehicleModels } from '../vehicle/models.ts';
import type { RegisteredCustomer, RegisteredVehicle } from './registration.ts';

export interface DemoFleet {
  readonly count: number;
  readonly seed: number;
  readonly connectivity: ConnectivityProfile;
}

/**
 * The vehicles of a seed. Their passwords are made once and kept in `fleet.json` of the data folder, readable by this user
 * alone, so that a fleet that starts again is the same fleet.
 */
export async function demoFleet(
  dataFolder: string,
  { count, seed, connectivity }: DemoFleet,
): Promise<VehicleSpec[]> {
  const path = join(dataFolder, 'fleet.json');
  const passwords = await readPasswords(path);
  const fleet = makeFleet({
    count,
    random: seededRandom(seed),
    models: vehicleModels,
    newPassword: () => systemSecrets.newToken(),
    connectivity,
  }).map((spec) => ({ ...spec, password: passwords[spec.vin] ?? spec.password }));
  const known = { ...passwords, ...Object.fromEntries(fleet.map((spec) => [spec.vin, spec.password])) };
  await writeFile(path, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  return fleet;
}

async function readPasswords(path: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
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
  const customerId = (index: number) => `customer-${String(index + 1).padStart(4, '0')}`;
  return {
    customers: fleet.map((_, index) => ({
      id: customerId(index),
      name: `Customer ${index + 1}`,
      email: `${customerId(index)}@example.com`,
      language: 'en',
    })),
    vehicles: fleet.map(({ vin, model, password }, index) => ({
      vin,
      model: model.id,
      modelName: modelName(model.id),
      customerId: customerId(index),
      credentialDigest: systemSecrets.digest(password),
    })),
  };
}
