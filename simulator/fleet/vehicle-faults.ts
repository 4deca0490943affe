import type { Trouble } from '../vehicle/vehicle.ts';

/**
 * What goes wrong with one vehicle, as data: `type` and `attributes` as in Toxiproxy's toxics. `first` says for how many
 * commands (or results) from the start; null is for good. Times count from the moment
 * at which the whole fleet stands.
 */
export type VehicleFault =
  /** Applies and answers, and the answer never leaves; with `withStatus` the status after it doesn't either. */
  | {
      readonly type: 'lose_result';
      readonly attributes: { readonly first: number; readonly withStatus: boolean };
    }
  | {
      readonly type: 'offline';
      readonly attributes: { readonly afterMs: number; readonly forMs: number | null };
    }
  /** Goes off the network at the moment it begins to apply, for the first so many commands, each time for so long. */
  | {
      readonly type: 'cut_when_applying';
      readonly attributes: { readonly first: number; readonly forMs: number | null };
    }
  /** Connected and silent: takes commands and never applies them. */
  | { readonly type: 'hang'; readonly attributes: { readonly first: number | null } }
  | {
      readonly type: 'reject';
      readonly attributes: { readonly reason: string; readonly feature: string | null };
    }
  | {
      readonly type: 'ecu_busy' | 'low_12v' | 'storage_full';
      readonly attributes: { readonly first: number | null; readonly feature: string | null };
    }
  /** The vehicle's clock minus the true time. */
  | { readonly type: 'clock_skew'; readonly attributes: { readonly skewMs: number } };

/** The faults that the vehicle itself honours (simulator/vehicle). */
export function troublesOf(faults: readonly VehicleFault[]): Trouble[] {
  return faults.flatMap((fault): Trouble[] => {
    switch (fault.type) {
      case 'reject':
        return [{ kind: 'reject', ...fault.attributes, remaining: null }];
      case 'ecu_busy':
      case 'low_12v':
      case 'storage_full': {
        const { first, feature } = fault.attributes;
        return [{ kind: fault.type, feature, reason: null, remaining: first }];
      }
      default:
        return [];
    }
  });
}

export function clockSkewOf(faults: readonly VehicleFault[]): number {
  return faults.reduce((sum, fault) => sum + (fault.type === 'clock_skew' ? fault.attributes.skewMs : 0), 0);
}

/** How many results from the start are lost, and of these how many take the status with them. */
export function lossesOf(faults: readonly VehicleFault[]): { results: number; statuses: number } {
  let results = 0;
  let statuses = 0;
  for (const fault of faults) {
    if (fault.type !== 'lose_result') continue;
    results = Math.max(results, fault.attributes.first);
    if (fault.attributes.withStatus) statuses = Math.max(statuses, fault.attributes.first);
  }
  return { results, statuses };
}

/** How many commands from the start hang; Infinity is all. */
export function hangsOf(faults: readonly VehicleFault[]): number {
  return faults.reduce(
    (most, fault) =>
      fault.type === 'hang' ? Math.max(most, fault.attributes.first ?? Number.POSITIVE_INFINITY) : most,
    0,
  );
}

/** How many commands from the start cut the vehicle off while it applies them, and for how long each. */
export function cutsOf(faults: readonly VehicleFault[]): { left: number; forMs: number | null } {
  for (const { type, attributes } of faults) {
    if (type === 'cut_when_applying') return { left: attributes.first, forMs: attributes.forMs };
  }
  return { left: 0, forMs: 0 };
}
