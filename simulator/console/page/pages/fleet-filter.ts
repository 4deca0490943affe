/** A vehicle of the list. */
export interface FleetVehicle {
  readonly vin: string;
  readonly model: string;
  readonly region: string;
  readonly connected: boolean;
  readonly faults: number;
}

export interface FleetFilter {
  /** A part of the VIN, of the model or of the region. */
  readonly text: string;
  readonly state: '' | 'online' | 'offline' | 'faulty';
}

/** Returns the vehicles that the filter leaves, in their order. */
export function filteredFleet(
  vehicles: readonly FleetVehicle[],
  { text, state }: FleetFilter,
): FleetVehicle[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return vehicles.filter(
    ({ vin, model, region, connected, faults }) =>
      isOf(state, connected, faults) &&
      words.every((word) => `${vin} ${model} ${region}`.toLowerCase().includes(word)),
  );
}

function isOf(state: FleetFilter['state'], connected: boolean, faults: number): boolean {
  switch (state) {
    case '':
      return true;
    case 'online':
      return connected;
    case 'offline':
      return !connected;
    case 'faulty':
      return faults > 0;
    default:
      return state satisfies never;
  }
}

export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** Returns the rows of a list that a scrolled box shows, with some around them. */
export function shownRows(total: number, scrollTop: number, boxHeight: number, rowHeight: number): Rows {
  const around = 8;
  const first = Math.max(0, Math.min(total, Math.floor(scrollTop / rowHeight)) - around);
  const count = Math.min(total - first, Math.ceil(boxHeight / rowHeight) + 2 * around);
  return { first, count: Math.max(0, count) };
}
