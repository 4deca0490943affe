import { type Area, areaFrom, areaText, isWithin } from '../map/area.ts';
import { type Colouring, colourings } from './fleet-colours.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';

const states = ['', 'online', 'offline', 'differs', 'open', 'faulty'] as const;
export type FleetState = (typeof states)[number];

/** What the Fleet page shows. The address holds it. */
export interface FleetFilter {
  /** Words, each a part of the VIN, of the model or of the region. */
  readonly text: string;
  readonly state: FleetState;
  /** Empty: every one. */
  readonly region: string;
  readonly model: string;
  /** Part of the map; null: all of it, and vehicles without a known place. */
  readonly area: Area | null;
  readonly colouring: Colouring;
  readonly isClustered: boolean;
}

/** Reads the filter from the query of an address; what is unknown there is as if it were missing. */
export function filterFrom(query: URLSearchParams): FleetFilter {
  return {
    text: query.get('q') ?? '',
    state: states.find((one) => one === query.get('show')) ?? '',
    region: query.get('region') ?? '',
    model: query.get('model') ?? '',
    area: areaFrom(query.get('area')),
    colouring: colourings.find((one) => one === query.get('colour')) ?? 'reachability',
    isClustered: query.get('map') !== 'points',
  };
}

/** Returns the query of the address: empty for a page without any filter. */
export function queryOf({ text, state, region, model, area, colouring, isClustered }: FleetFilter): string {
  const query = new URLSearchParams({
    ...(text === '' ? {} : { q: text }),
    ...(state === '' ? {} : { show: state }),
    ...(region === '' ? {} : { region }),
    ...(model === '' ? {} : { model }),
    ...(area === null ? {} : { area: areaText(area) }),
    ...(colouring === 'reachability' ? {} : { colour: colouring }),
    ...(isClustered ? {} : { map: 'points' }),
  });
  return query.size === 0 ? '' : `?${query}`;
}

/** Returns the vehicles that every part of the filter but the area leaves, in their order. */
export function filteredFleet(
  vehicles: readonly FleetVehicle[],
  { text, state, region, model }: Pick<FleetFilter, 'text' | 'state' | 'region' | 'model'>,
): FleetVehicle[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return vehicles.filter(
    (vehicle) =>
      isOf(state, vehicle) &&
      (region === '' || vehicle.region === region) &&
      (model === '' || vehicle.model === model) &&
      words.every((word) => vehicle.text.includes(word)),
  );
}

/** Whether a vehicle is within the area; one without a known place is in none. */
export function isInArea(area: Area | null, { place }: Pick<FleetVehicle, 'place'>): boolean {
  return area === null || (place !== null && isWithin(area, place));
}

function isOf(state: FleetState, { connected, faults, differs, isOpen }: FleetVehicle): boolean {
  switch (state) {
    case '':
      return true;
    case 'online':
      return connected;
    case 'offline':
      return !connected;
    case 'differs':
      return differs;
    case 'open':
      return isOpen;
    case 'faulty':
      return faults > 0;
    default:
      return state satisfies never;
  }
}
