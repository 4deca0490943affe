import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import {
  type FaultRecord,
  type ServiceFault,
  type ServiceFaultRecord,
  serviceFaultOf,
  standingFault,
} from '../faults/fault.ts';
import { shifted } from '../faults/fault-schedule.ts';
import type { FaultControls } from '../faults/fault-strikes.ts';
import { candidatesOf, chooseVehicles, targetCountMax } from '../faults/fault-target.ts';
import { type FaultTime, faultTimeAt } from '../faults/fault-time.ts';
import { faultsMax } from '../fleet/fault-set.ts';
import type { FaultTargets } from './fault-targets.ts';

/** A fault that is there now. */
export interface PlacedFault {
  readonly id: string;
  readonly addedAt: number;
  readonly record: FaultRecord;
  /** The vehicles that have it; empty for a fault of a service. */
  readonly vins: readonly string[];
  /** How often it struck, over all vehicles. */
  readonly struck: number;
  readonly time: FaultTime;
}

/** A fault that was removed, as it was then. */
export interface RemovedFault extends PlacedFault {
  readonly removedAt: number;
}

export type Placing =
  | { readonly ok: true; readonly fault: PlacedFault }
  /** A sentence with the fix. */
  | { readonly ok: false; readonly reason: string };

/** Puts faults on a running fleet, and on the engine's way to its services, and takes them away again. */
export interface FaultDesk {
  add(record: FaultRecord): Placing;
  /** The vehicles that its selector leaves, and how many of them it would have; for a random count the most. Places nothing. */
  preview(record: FaultRecord): { readonly vins: readonly string[]; readonly count: number };
  /** Oldest first. */
  list(): PlacedFault[];
  find(id: string): PlacedFault | null;
  /** The newest that were removed (`removedMax`), oldest first; a new process has none. */
  removed(): readonly RemovedFault[];
  /** False when there is none of this id. */
  remove(id: string): boolean;
  /** How many there were. */
  clear(): number;
}

const services = ['api_iot', 'payments', 'platform', 'mail', 'push'] as const satisfies readonly Service[];
type Service = ServiceFaultRecord['target']['service'];
type Controls = Pick<FaultControls<ServiceFault>, 'begin' | 'set' | 'sinceBeginMs' | 'struckBy'>;
/** Null: the service runs elsewhere, and no fault can affect it. */
export type ServiceFaults = Readonly<Record<Service, Controls | null>>;

/** More than a person adds by hand; a script that forgets to remove its faults gets an error. */
const placedMax = 1_000;
/** Removed faults that are kept; each has its VINs, so 10,000 vehicles are 80 KB. */
export const removedMax = 200;

interface Entry {
  readonly id: string;
  readonly addedAt: number;
  readonly record: FaultRecord;
  readonly vins: readonly string[];
  /** Null for a fault of vehicles. */
  readonly fault: ServiceFault | null;
}

export type ObserveFaults = (type: 'fault.added' | 'fault.removed', fault: PlacedFault) => void;

/** `services` is null in a process that does not run the gateway. */
export function faultDesk(deps: {
  readonly targets: FaultTargets;
  readonly services: ServiceFaults | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe?: ObserveFaults | undefined;
}): FaultDesk {
  const { targets, services: reachable, clock, random } = deps;
  const entries = new Map<string, Entry>();
  const removed: RemovedFault[] = [];
  let added = 0;

  function placeOnVehicles(id: string, record: Exclude<FaultRecord, ServiceFaultRecord>): Entry | string {
    const vins = chooseVehicles(record.target, targets.of(record), random).map(({ vin }) => vin);
    if (vins.length === 0) return targets.whyNone(record);
    for (const vin of vins) {
      const faults = targets.faults(vin);
      if (faults === null)
        return `the line proxy has too many vehicles to add ${vin}: remove faults of vehicles that have gone, with "fleetwake fault clear"`;
      if (faults.entries.length >= faultsMax)
        return `${vin} has ${faultsMax} faults already: remove some with "fleetwake fault clear"`;
    }
    for (const vin of vins) targets.faults(vin)?.add(id, standingFault(record));
    return { id, addedAt: clock.now(), record, vins, fault: null };
  }

  function placeOnService(id: string, record: ServiceFaultRecord): Entry | string {
    if (reachable === null) {
      return 'this process runs vehicles alone: add it where the services run ("fleetwake up", or "fleetwake gateway" and "fleetwake stand-ins" with --control-port)';
    }
    const { service } = record.target;
    const controls = reachable[service];
    if (controls === null)
      return `the service ${service} does not run in this process: let ${record.type} happen where it runs, or start without an address of your own for it`;
    const fault = serviceFaultOf(record);
    const { schedule } = fault;
    return {
      id,
      addedAt: clock.now(),
      record,
      vins: [],
      fault: schedule ? { ...fault, schedule: shifted(schedule, controls.sinceBeginMs()) } : fault,
    };
  }

  function applyServices(): void {
    for (const service of services) {
      const own = [...entries.values()].filter(
        ({ record }) => record.layer === 'services' && record.target.service === service,
      );
      reachable?.[service]?.set(own.flatMap(({ fault }) => fault ?? []));
    }
  }

  function view(entry: Entry): PlacedFault {
    const { id, addedAt, record, vins, fault } = entry;
    const struck =
      record.layer === 'services'
        ? (reachable?.[record.target.service]?.struckBy(fault) ?? 0)
        : vins.reduce((sum, vin) => sum + struckOn(vin, id), 0);
    return { id, addedAt, record, vins, struck, time: timeOf(entry) };
  }

  const struckOn = (vin: string, id: string) => targets.faults(vin)?.find(id)?.struck ?? 0;

  function timeOf({ id, addedAt, record, vins }: Entry): FaultTime {
    const { schedule } = record;
    if (record.layer !== 'services') {
      const most = schedule?.first ?? Number.POSITIVE_INFINITY;
      if (vins.every((vin) => struckOn(vin, id) >= most)) return { state: 'over', remainingMs: null };
      if (record.target.selector.state !== undefined) return { state: 'triggered', remainingMs: null };
    }
    return faultTimeAt(schedule, clock.now() - addedAt);
  }

  function take(id: string): boolean {
    const entry = entries.get(id);
    if (!entry) return false;
    const last = view(entry);
    entries.delete(id);
    for (const vin of entry.vins) targets.faults(vin)?.remove(id);
    if (entry.fault) applyServices();
    removed.push({ ...last, removedAt: clock.now() });
    if (removed.length > removedMax) removed.shift();
    deps.observe?.('fault.removed', last);
    return true;
  }

  return {
    add(record) {
      if (entries.size >= placedMax) {
        return {
          ok: false,
          reason: `there are ${placedMax} faults already: remove some with "fleetwake fault clear"`,
        };
      }
      const id = `fault-${added + 1}`;
      const entry = record.layer === 'services' ? placeOnService(id, record) : placeOnVehicles(id, record);
      if (typeof entry === 'string') return { ok: false, reason: entry };
      added += 1;
      entries.set(id, entry);
      if (entry.fault) applyServices();
      const fault = view(entry);
      deps.observe?.('fault.added', fault);
      return { ok: true, fault };
    },
    preview(record) {
      if (record.layer === 'services') return { vins: [], count: 0 };
      const candidates = candidatesOf(record.target, targets.of(record));
      const count = Math.min(targetCountMax(record.target, candidates.length), candidates.length);
      return { vins: candidates.map(({ vin }) => vin), count };
    },
    list: () => [...entries.values()].map(view),
    find(id) {
      const entry = entries.get(id);
      return entry ? view(entry) : null;
    },
    removed: () => removed,
    remove: take,
    clear() {
      const ids = [...entries.keys()];
      for (const id of ids) take(id);
      return ids.length;
    },
  };
}
