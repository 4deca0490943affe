import type { StandingFault } from '../faults/fault.ts';

/**
 * What goes wrong with one vehicle, as data: a record (it has a layer), or one of the short forms that a scenario draws
 * from ranges. Times count from the moment at which the whole fleet stands.
 */
export type VehicleFault = StandingFault | DrawnFault;

/** `first` says for how many commands (or results) from the start; null is for good. */
export type DrawnFault =
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

/** The one form in which a vehicle meets its faults. */
export function standingForm(fault: VehicleFault): StandingFault {
  if ('layer' in fault) return fault;
  const common = { name: fault.type, toxicity: 1 };
  switch (fault.type) {
    case 'offline': {
      const { afterMs, forMs } = fault.attributes;
      return { ...common, layer: 'link', type: 'offline', attributes: {}, schedule: { afterMs, forMs } };
    }
    case 'cut_when_applying': {
      const { first, forMs } = fault.attributes;
      const schedule = { first, forMs };
      return { ...common, layer: 'link', type: 'offline', attributes: {}, state: 'applying', schedule };
    }
    case 'lose_result': {
      const { first, withStatus } = fault.attributes;
      const attributes = { withStatus };
      return {
        ...common,
        layer: 'message',
        type: 'lose_ack',
        stream: 'upstream',
        attributes,
        schedule: { first },
      };
    }
    case 'hang': {
      const attributes = { at: 'applying' } as const;
      return {
        ...common,
        layer: 'vehicle',
        type: 'hang_at',
        attributes,
        schedule: firstOf(fault.attributes.first),
      };
    }
    case 'ecu_busy':
    case 'low_12v':
    case 'storage_full': {
      const { first, feature } = fault.attributes;
      return {
        ...common,
        layer: 'vehicle',
        type: fault.type,
        attributes: { feature },
        schedule: firstOf(first),
      };
    }
    case 'reject':
    case 'clock_skew':
      return { ...common, layer: 'vehicle', ...fault };
    default:
      return fault satisfies never;
  }
}

function firstOf(first: number | null): { readonly first?: number } {
  return first === null ? {} : { first };
}
