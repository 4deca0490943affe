import type { ListedVehicle } from '../../../../shared/protocol/api-iot.ts';

/** A vehicle as the control of the faults lists it. */
export interface ControlledVehicle {
  readonly vin: string;
  readonly model: string;
  readonly region: string;
  readonly connected: boolean;
  readonly faults: number;
}

/** A vehicle of the Fleet page. */
export interface FleetVehicle {
  readonly vin: string;
  readonly model: string;
  /** Empty where it is not simulated here. */
  readonly region: string;
  readonly connected: boolean;
  /** Whether it has ever been connected, as far as is known. */
  readonly isKnown: boolean;
  readonly faults: number;
  /** Desired and reported state differ. */
  readonly differs: boolean;
  /** An activation, deactivation or revocation of it has not ended. */
  readonly isOpen: boolean;
  readonly place: { readonly longitude: number; readonly latitude: number } | null;
  /** What a search finds, in lower case. */
  readonly text: string;
}

/** What the three services answer; null while one is not known. */
export interface FleetSources {
  readonly listed: readonly ListedVehicle[] | null;
  readonly controlled: readonly ControlledVehicle[] | null;
  /** VINs with open work. */
  readonly open: readonly string[] | null;
}

/** Returns every vehicle that one of the sources has, in the order of the VINs. */
export function fleetOf({ listed, controlled, open }: FleetSources): FleetVehicle[] {
  const controls = new Map((controlled ?? []).map((vehicle) => [vehicle.vin, vehicle]));
  const openVins = new Set(open);
  const vehicles = (listed ?? []).map((vehicle) => {
    const control = controls.get(vehicle.vin);
    controls.delete(vehicle.vin);
    return vehicleOf(vehicle, control, openVins);
  });
  for (const control of controls.values()) vehicles.push(vehicleOf(null, control, openVins));
  return vehicles.sort((one, other) => (one.vin < other.vin ? -1 : 1));
}

function vehicleOf(
  listed: ListedVehicle | null,
  control: ControlledVehicle | undefined,
  open: ReadonlySet<string>,
): FleetVehicle {
  const { vin = '', model = '' } = control ?? listed ?? {};
  const region = control?.region ?? '';
  const connected = control?.connected ?? listed?.online ?? false;
  const { latitude, longitude } = listed ?? { latitude: null, longitude: null };
  return {
    ...{ vin, model, region, connected },
    isKnown: connected || listed === null || listed.lastSeenAt !== null,
    faults: control?.faults ?? 0,
    differs: listed?.differs ?? false,
    isOpen: open.has(vin),
    place: latitude === null || longitude === null ? null : { latitude, longitude },
    text: `${vin} ${model} ${region}`.toLowerCase(),
  };
}
