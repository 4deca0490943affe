import type { VehicleSpec } from './make-fleet.ts';

/** What is said of a fleet in place of its vehicles. */
export interface FleetSummary {
  readonly count: number;
  /** How many vehicles are of each model, by its id. */
  readonly models: Readonly<Record<string, number>>;
  readonly regions: Readonly<Record<string, number>>;
  /** Of the lowest and the highest number; null in an empty fleet. */
  readonly firstVin: string | null;
  readonly lastVin: string | null;
}

/** Returns the summary of vehicles in the order of their numbers. */
export function summaryOfFleet(vehicles: readonly VehicleSpec[]): FleetSummary {
  return {
    count: vehicles.length,
    models: counted(vehicles.map(({ model }) => model.id)),
    regions: counted(vehicles.map(({ region }) => region)),
    firstVin: vehicles[0]?.vin ?? null,
    lastVin: vehicles.at(-1)?.vin ?? null,
  };
}

/** How often each name occurs, in the order of the names. */
function counted(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
