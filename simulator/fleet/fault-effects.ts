import type { Log } from '../../shared/ports/log.ts';
import type { VehicleEvent } from '../vehicle/event.ts';
import type { UnitFault } from '../vehicle/vehicle.ts';
import type { Agenda } from './agenda.ts';
import { type FaultEffects, type FaultEntry, isByMessage } from './fault-set.ts';

/** What a fault can do to a vehicle. */
export interface FaultedVehicle {
  readonly agenda: Agenda;
  readonly keepAliveSeconds: number;
  /** Off the network for `ms`, or with null until `back` with the same reason. */
  leave(reason: string, ms: number | null): void;
  /** Disconnects cleanly, if a DISCONNECT can be sent; until `back`. */
  leavePolitely(reason: string): void;
  back(reason: string): void;
  isAway(reason: string): boolean;
  /** The network ends the connection. */
  breakLine(): void;
  /** A fault that stands swallows what is sent. */
  isSilenced(): boolean;
  armResets(): void;
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

/** Both sides find a silent connection out after one and a half keep-alives. */
const silenceOfKeepAlives = 1.5;

/** What happens to the vehicle when the window of a standing fault opens and closes. */
export function faultEffects(vehicle: FaultedVehicle): FaultEffects {
  const { agenda } = vehicle;

  function flap(entry: FaultEntry, window: number, upMs: number, downMs: number): void {
    if (!stands(entry, window)) return;
    vehicle.leave(entry.id, downMs);
    agenda.after(downMs + upMs, () => flap(entry, window, upMs, downMs));
  }

  /** No message passes; the connection ends after the fault's time-out, or when the keep-alive fails. */
  function fallSilent(entry: FaultEntry, timeoutMs: number): void {
    const { window } = entry;
    const foundOutMs = vehicle.keepAliveSeconds * silenceOfKeepAlives * 1_000;
    agenda.after(timeoutMs > 0 ? Math.min(timeoutMs, foundOutMs) : foundOutMs, () => {
      if (stands(entry, window)) vehicle.leave(entry.id, null);
    });
  }

  return {
    opened(entry) {
      const { id, fault } = entry;
      switch (fault.type) {
        case 'offline':
          return vehicle.leave(id, null);
        case 'asleep':
          return vehicle.leavePolitely(id);
        case 'flapping':
          return flap(entry, entry.window, fault.attributes.upMs, fault.attributes.downMs);
        case 'timeout':
          return fallSilent(entry, fault.attributes.timeoutMs);
        case 'reset_peer':
          return vehicle.armResets();
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
    closed({ id, fault }) {
      switch (fault.type) {
        case 'offline':
        case 'asleep':
        case 'flapping':
          return vehicle.back(id);
        case 'timeout':
          if (vehicle.isAway(id)) return vehicle.back(id);
          // What was swallowed comes again only on another connection; as long as another one swallows, on none.
          return vehicle.isSilenced() ? undefined : vehicle.breakLine();
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

/** It is still the window in which it struck. */
function stands({ isOpen, window }: FaultEntry, then: number): boolean {
  return isOpen && window === then;
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
