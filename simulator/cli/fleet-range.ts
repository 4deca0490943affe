import { type Shard, shardOf, type VehicleRange, vehicleNumberMax } from '../fleet/vehicle-range.ts';
import { UsageError } from './exit.ts';
import { shardOfText } from './shard-option.ts';
import { countOf } from './whole-number.ts';

export interface RangeFlags {
  readonly first: string;
  readonly vehicles: string;
  readonly shard?: string;
}

/** Vehicles of one process: each has a connection of its own. */
const ofProcessMax = 100_000;

/** Returns the vehicles that this process simulates. Throws `UsageError` for a range beyond the last number, and for a shard that is none. */
export function rangeOf(flags: RangeFlags): { readonly range: VehicleRange; readonly shard: Shard } {
  const whole = {
    first: countOf('--first', flags.first, vehicleNumberMax, 1),
    count: countOf('--vehicles', flags.vehicles, vehicleNumberMax),
  };
  const last = whole.first + whole.count - 1;
  if (last > vehicleNumberMax)
    throw new UsageError(
      `--first ${whole.first} --vehicles ${whole.count} goes up to vehicle ${last}, and the six digits of a VIN hold ${vehicleNumberMax} vehicles: give a smaller --first or fewer --vehicles`,
    );
  const shard = shardOfText(flags.shard);
  const range = shardOf(whole, shard);
  if (range.count <= ofProcessMax) return { range, shard };
  const shards = Math.ceil(whole.count / ofProcessMax);
  throw new UsageError(
    `${range.count} vehicles are more than the ${ofProcessMax} that one process simulates: start several, each with its --shard, such as --shard 1/${shards}`,
  );
}
