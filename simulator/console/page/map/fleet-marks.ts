import { isInArea } from '../pages/fleet-filter.ts';
import type { FleetVehicle } from '../pages/fleet-vehicle.ts';
import type { Area } from './area.ts';
import type { Marks } from './clusters.ts';
import { type Point, project } from './projection.ts';

/** The vehicles that have a place, each at the same index as its mark. */
export interface FleetMarks extends Marks {
  readonly vehicles: readonly FleetVehicle[];
  readonly points: readonly Point[];
}

export function marksOf(
  all: readonly FleetVehicle[],
  kindOf: (vehicle: FleetVehicle) => number,
  area: Area | null,
): FleetMarks {
  const vehicles = all.filter(({ place }) => place !== null);
  const points = vehicles.map(({ place }) => project(place ?? { longitude: 0, latitude: 0 }));
  return {
    vehicles,
    points,
    xs: Float64Array.from(points, ({ x }) => x),
    ys: Float64Array.from(points, ({ y }) => y),
    kinds: Uint8Array.from(vehicles, kindOf),
    isChosen: Uint8Array.from(vehicles, (vehicle) => (isInArea(area, vehicle) ? 1 : 0)),
  };
}
