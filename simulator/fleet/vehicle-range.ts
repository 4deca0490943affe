/** Vehicles of one sequence, by their numbers from 1: `first` and those that follow it. */
export interface VehicleRange {
  readonly first: number;
  readonly count: number;
}

/** One of `of` parts of a range, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** The serial number of vehicle 1. Six digits of a VIN count the vehicles of one model and plant. */
export const serialOfFirst = 100_000;
/** The highest number of a vehicle. */
export const vehicleNumberMax = 1_000_000 - serialOfFirst;

/** Returns the part of a range that a shard has. All shards are disjoint and together the range; their sizes differ by at most one. */
export function shardOf({ first, count }: VehicleRange, { index, of }: Shard): VehicleRange {
  const boundary = (shards: number) => Math.floor((shards * count) / of);
  const from = boundary(index - 1);
  return { first: first + from, count: boundary(index) - from };
}
