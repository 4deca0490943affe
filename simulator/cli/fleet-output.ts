import { relative } from 'node:path';
import { summaryOfFleet } from '../fleet/fleet-summary.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { testVehicles } from '../fleet/test-vehicles.ts';
import { customerIdOf } from '../live/demo-fleet.ts';

/** Vehicles that a JSON line names one by one; the file has all of them. */
const namedMax = 100;
/** Vehicles that are shown one by one; of a larger fleet a summary is. */
const shownMax = 10;

const isTestVehicle = ({ vin }: VehicleSpec) => testVehicles.some((test) => test.vin === vin);

/** Returns what a JSON line says of a fleet: a summary and the first VINs. */
export function fleetMembers(vehicles: readonly VehicleSpec[]) {
  const drawn = vehicles.filter((spec) => !isTestVehicle(spec));
  const { count, ...summary } = summaryOfFleet(drawn);
  return {
    vehicles: drawn.slice(0, namedMax).map(({ vin }) => vin),
    testVehicles: vehicles.filter(isTestVehicle).map(({ vin }) => vin),
    vehicleCount: count,
    ...summary,
  };
}

/** Returns what a person sees of a fleet. `hasCustomers`: each vehicle has a customer at the platform. */
export function fleetLines(vehicles: readonly VehicleSpec[], list: string, hasCustomers: boolean): string[] {
  const drawn = vehicles.filter((spec) => !isTestVehicle(spec));
  const line = (spec: VehicleSpec) =>
    `  ${spec.vin}  ${spec.model.id}  ${hasCustomers ? customerIdOf(spec) : ''}`.trimEnd();
  const { count, models, regions } = summaryOfFleet(drawn);
  const [first, last] = [drawn[0], drawn.at(-1)];
  const isSmall = first === undefined || last === undefined || count <= shownMax;
  return [
    ...(isSmall
      ? ['vehicles:', ...drawn.map(line)]
      : [
          `vehicles: ${count} (${countsText(models)}; ${countsText(regions)}), first and last:`,
          line(first),
          line(last),
          `  all: ${relative('.', list)}`,
        ]),
    ...(drawn.length < vehicles.length
      ? ['  and the test vehicles, whose VIN selects their behaviour: docs/testing-identifiers.md']
      : []),
  ];
}

const countsText = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
