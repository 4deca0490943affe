import type { Command } from 'commander';
import { openFilesFault, openFilesMax } from '../../shared/live/open-files.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { type ConnectivityProfile, connectivityProfiles } from '../fleet/connectivity.ts';
import { testVehicles } from '../fleet/test-vehicles.ts';
import { controlPortDefault } from '../live/control-server.ts';
import type { DemoFleet } from '../live/demo-fleet.ts';
import { UsageError } from './exit.ts';
import { modelsOf, withModelsOption } from './models-option.ts';

export interface FleetFlags {
  readonly vehicles: string;
  readonly seed: string;
  readonly connectivity: string;
  readonly controlPort: string;
  readonly controlOpen?: true;
  readonly testVehicles?: boolean;
  readonly models?: string;
  readonly fresh?: true;
}

/** What `up` and `fleet` say about their vehicles. */
export function withFleetOptions(command: Command): Command {
  return withModelsOption(command)
    .option('--vehicles <number>', 'number of vehicles', '5')
    .option('--seed <number>', 'seed of the vehicles', '1')
    .option('--connectivity <profile>', `connectivity profile: ${connectivityProfiles.join(', ')}`, 'steady')
    .option('--fresh', 'forget what the vehicles of the data folder had: features, versions, odometer, place')
    .option('--control-port <port>', 'fault control API port; 0 picks a free port', `${controlPortDefault}`)
    .option(
      '--control-open',
      'accept the fault control API without its secret from every program of this machine, for Toxiproxy clients',
    );
}

/** A whole number within limits, or a sentence. */
export function countOf(flag: string, text: string, most: number, least = 0): number {
  const number = Number(text);
  if (/^\d{1,7}$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${flag} must be a whole number from ${least} to ${most}, not ${givenText(text)}`);
}

/** Refuses before anything is started what would end in "too many open files". */
export function checkOpenFiles(vehicles: number, socketsPerVehicle: 1 | 2): void {
  const fault = openFilesFault(openFilesMax(), vehicles, socketsPerVehicle);
  if (fault !== null) throw new UsageError(fault);
}

/** The vehicles that will connect, the test vehicles among them. */
export function vehicleCount({ count, hasTestVehicles }: DemoFleet): number {
  return count + (hasTestVehicles ? testVehicles.length : 0);
}

export function fleetOfFlags(flags: FleetFlags): DemoFleet {
  const { connectivity } = flags;
  if (!connectivityProfiles.includes(connectivity as ConnectivityProfile)) {
    throw new UsageError(
      `--connectivity must be one of ${connectivityProfiles.join(', ')}, not ${givenText(connectivity)}`,
    );
  }
  return {
    count: countOf('--vehicles', flags.vehicles, 100_000),
    seed: countOf('--seed', flags.seed, 9_999_999),
    connectivity: connectivity as ConnectivityProfile,
    hasTestVehicles: flags.testVehicles === true,
    models: modelsOf(flags.models),
  };
}
