import type { Command } from 'commander';
import { openFilesFault, openFilesMax } from '../../shared/live/open-files.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { durationExamples, durationOfText } from '../../shared/protocol/duration-text.ts';
import { type ConnectivityProfile, connectivityProfiles } from '../fleet/connectivity.ts';
import { fleetRegions } from '../fleet/make-fleet.ts';
import { testVehicles } from '../fleet/test-vehicles.ts';
import { controlPortDefault } from '../live/control-server.ts';
import type { DemoFleet } from '../live/demo-fleet.ts';
import { UsageError } from './exit.ts';
import { type RangeFlags, rangeOf } from './fleet-range.ts';
import { modelsOf, withModelsOption } from './models-option.ts';
import { weightsOf } from './weights-option.ts';
import { countOf } from './whole-number.ts';

export interface FleetFlags extends RangeFlags {
  readonly seed: string;
  readonly connectivity: string;
  readonly controlPort: string;
  readonly controlOpen?: true;
  readonly testVehicles?: boolean;
  readonly models?: string;
  readonly mix?: string;
  readonly regions?: string;
  readonly telemetryEvery: string;
  readonly fresh?: true;
  readonly telemetryNats?: true;
  readonly takeOver?: true;
}

const telemetryMs = { least: 100, most: 86_400_000 };

/** What `up` and `fleet` say about their vehicles. */
export function withFleetOptions(command: Command): Command {
  return withModelsOption(command)
    .option('--vehicles <number>', 'number of vehicles', '5')
    .option('--first <number>', 'number of the first vehicle, for a fleet beside others', '1')
    .option('--shard <i/n>', 'only the i-th of n parts of these vehicles, the others run in other processes')
    .option('--seed <number>', 'seed of the vehicles', '1')
    .option(
      '--mix <models>',
      'vehicle models with weights, such as aurora-2026=3,cirrus-2025 (default: all alike)',
    )
    .option(
      '--regions <regions>',
      `regions with weights, such as DE=3,ES: some of ${fleetRegions.join(', ')} (default: all alike)`,
    )
    .option('--telemetry-every <duration>', 'mean time between two telemetry messages of a vehicle', '10 s')
    .option('--connectivity <profile>', `connectivity profile: ${connectivityProfiles.join(', ')}`, 'steady')
    .option(
      '--fresh',
      'forget the saved state of the vehicles of this process: features, versions, odometer, place',
    )
    .option(
      '--take-over',
      'give new passwords to vehicles of a fleet whose data folder is lost; refused while they are connected',
    )
    .option('--control-port <port>', 'fault control API port; 0 picks a free port', `${controlPortDefault}`)
    .option(
      '--control-open',
      'accept the fault control API without its secret from every program of this machine, for Toxiproxy clients',
    )
    .option('--telemetry-nats', 'publish the telemetry of the vehicles at NATS as well (docs/fleet-bus.md)');
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
  const models = modelsOf(flags.models);
  const { range, shard } = rangeOf(flags);
  return {
    ...range,
    seed: countOf('--seed', flags.seed, 9_999_999),
    connectivity: connectivity as ConnectivityProfile,
    // All shards together have each vehicle once.
    hasTestVehicles: flags.testVehicles === true && shard.index === 1,
    models,
    modelWeights: weightsOf(
      '--mix',
      flags.mix,
      models.map(({ id }) => id),
    ),
    regionWeights: weightsOf('--regions', flags.regions, fleetRegions),
  };
}

/** Returns the mean time between two telemetry messages. */
export function telemetryMsOf({ telemetryEvery }: FleetFlags): number {
  const ms = durationOfText(telemetryEvery);
  if (ms !== null && ms >= telemetryMs.least && ms <= telemetryMs.most) return ms;
  throw new UsageError(
    `--telemetry-every must be a duration from 100 ms to 1 d such as ${durationExamples}, not ${givenText(telemetryEvery)}`,
  );
}
