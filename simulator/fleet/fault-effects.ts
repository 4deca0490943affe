import type { Log } from '../../shared/ports/log.ts';
import type { VehicleEvent } from '../vehicle/event.ts';
import type { UnitFault } from '../vehicle/vehicle.ts';
import { isByMessage } from './fault-kinds.ts';
import type { FaultEffects, FaultEntry } from './fault-set.ts';
import { type FaultedLink, linkEffects } from './link-effects.ts';

/** What a fault can do to a vehicle. */
export interface FaultedVehicle extends FaultedLink {
  /** Disconnects cleanly, if a DISCONNECT can be sent; until `back`. */
  leavePolitely(reason: string): void;
  take(event: VehicleEvent): void;
  /** Loses power, and boots again. */
  restart(): void;
  /** The control unit of this feature is replaced: its faults end with it. */
  endUnitFaults(feature: string): void;
  /** The sum of what stands now. */
  clockSkewMs(): number;
  now(): number;
  /** What waits may leave now. */
  flush(): void;
}

/** What happens to the vehicle when the window of a standing fault opens and closes. */
export function faultEffects(vehicle: FaultedVehicle): FaultEffects {
  const link = linkEffects(vehicle);

  return {
    opened(entry) {
      const { id, fault } = entry;
      if (fault.layer === 'link') return link.opened(entry);
      switch (fault.type) {
        case 'asleep':
          return vehicle.leavePolitely(id);
        case 'clock_skew':
          return vehicle.take({ type: 'clock_set', skewMs: vehicle.clockSkewMs() });
        case 'restart':
          return vehicle.restart();
        case 'feature_lost':
        case 'feature_gained':
          vehicle.endUnitFaults(fault.attributes.feature);
          return vehicle.take({ type: fault.type, now: vehicle.now(), feature: fault.attributes.feature });
        default: {
          const unitFault = unitFaultOf(entry);
          if (unitFault) vehicle.take({ type: 'unit_fault_begins', unitFault });
        }
      }
    },
    closed(entry) {
      const { id, fault } = entry;
      if (fault.layer === 'link') return link.closed(entry);
      switch (fault.type) {
        case 'asleep':
          return vehicle.back(id);
        case 'clock_skew':
          return vehicle.take({ type: 'clock_set', skewMs: vehicle.clockSkewMs() });
        case 'wedged':
          return vehicle.flush();
        default:
          vehicle.take({ type: 'unit_fault_ends', id });
      }
    },
  };
}

/** Logs when windows open and close. Faults that decide by the message are open all the time, and leave no line. */
export function loggedEffects(effects: FaultEffects, log: Log, vin: string): FaultEffects {
  const note = (event: string, { fault: { name, type } }: FaultEntry) => {
    if (!isByMessage(type)) log.info(event, { vin, fault: name, type });
  };
  return {
    opened(entry) {
      note('vehicle.fault_begins', entry);
      effects.opened(entry);
    },
    closed(entry) {
      note('vehicle.fault_ends', entry);
      effects.closed(entry);
    },
  };
}

function unitFaultOf({ id, fault }: FaultEntry): UnitFault | null {
  const remaining = fault.schedule?.first ?? null;
  switch (fault.type) {
    case 'reject':
      return { id, kind: 'reject', ...fault.attributes, remaining };
    case 'unsupported_hardware':
      return { id, kind: 'reject', reason: fault.type, ...fault.attributes, remaining };
    case 'ecu_busy':
    case 'low_12v':
    case 'storage_full':
      return { id, kind: fault.type, reason: null, ...fault.attributes, remaining };
    case 'partial_apply':
      return { id, kind: fault.type, reason: null, feature: null, remaining };
    default:
      return null;
  }
}
