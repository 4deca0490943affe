import { type ComponentFault, lastsMs, strikesOf } from '../faults/component-fault.ts';
import type { ServiceFault, StandingFault } from '../faults/fault.ts';
import { windowsOf } from '../faults/fault-schedule.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Evidence } from './evidence.ts';

/** When a fault of a service could strike. Milliseconds of the run after the first moment of the workload. */
export interface FaultWindow {
  readonly where: 'API IoT' | 'payments' | 'platform' | 'mail and push' | 'parts';
  readonly name: string;
  readonly type: ServiceFault['type'] | ComponentFault['type'];
  /** The chance that a request that matches meets it, 0 to 1. */
  readonly toxicity: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Vehicles with one kind of fault. */
export interface VehicleFaultGroup {
  readonly type: string;
  readonly vehicles: number;
  /** Of outages: from when to when; `toMs` null: for good. Null for faults that strike by the command. */
  readonly window: { readonly fromMs: number; readonly toMs: number | null } | null;
}

/** So many vehicles are away on purpose from this moment on. */
export interface AwayStep {
  readonly atMs: number;
  readonly vehicles: number;
}

export interface FaultSchedules {
  readonly services: readonly FaultWindow[];
  readonly vehicles: readonly VehicleFaultGroup[];
  readonly away: readonly AwayStep[];
}

/** The plan's faults and their windows. Faults of services end when the run ends its faults, those of vehicles continue. */
export function faultSchedules({ plan, startedAt, takenAt, healedAt }: Evidence): FaultSchedules {
  const untilMs = (healedAt ?? takenAt) - startedAt;
  const ofService = (where: FaultWindow['where'], faults: readonly ServiceFault[]): FaultWindow[] =>
    faults.flatMap(({ name, type, toxicity, schedule }) =>
      windowsOf(schedule, untilMs).map((window) => ({ where, name, type, toxicity, ...window })),
    );
  const endMs = takenAt - startedAt;
  const outages = plan.vehicles.flatMap(({ faults }) =>
    faults.map(standingForm).flatMap((fault) => outagesOf(fault, endMs)),
  );
  return {
    services: [
      ...ofService('API IoT', plan.apiIotFaults),
      ...ofService('payments', plan.paymentsFaults ?? []),
      ...ofService('platform', plan.platformFaults ?? []),
      ...ofService('mail and push', plan.channelFaults ?? []),
      ...(plan.partFaults ?? []).flatMap(ofPart),
    ],
    vehicles: groupsOf(
      plan.vehicles.flatMap(({ faults }) => faults.map(({ type }) => type)),
      outages,
    ),
    away: stepsOf(outages, endMs),
  };
}

function ofPart(fault: ComponentFault): FaultWindow[] {
  const { name, type } = fault;
  return strikesOf(fault).map((fromMs) => ({
    where: 'parts',
    name,
    type,
    toxicity: 1,
    fromMs,
    toMs: fromMs + lastsMs(fault),
  }));
}

/** When a vehicle is off the network by the clock; an outage that waits for a state has no hour. */
function outagesOf({ type, schedule, state }: StandingFault, untilMs: number): Outage[] {
  if ((type !== 'offline' && type !== 'asleep') || state !== undefined) return [];
  const { afterMs = 0, forMs = null, everyMs, first } = schedule ?? {};
  if (forMs === null) return [{ type, fromMs: afterMs, toMs: null }];
  if (everyMs === undefined) return [{ type, fromMs: afterMs, toMs: afterMs + forMs }];
  const windows = windowsOf({ afterMs, forMs, everyMs }, untilMs).slice(0, first);
  return windows.map((window) => ({ type, ...window }));
}

interface Outage {
  readonly type: string;
  readonly fromMs: number;
  readonly toMs: number | null;
}

function groupsOf(types: readonly string[], all: readonly Outage[]): VehicleFaultGroup[] {
  return [...new Set(types)].map((type) => {
    const vehicles = types.filter((one) => one === type).length;
    const outages = all.filter((outage) => outage.type === type);
    if (outages.length === 0) return { type, vehicles, window: null };
    const isForGood = outages.some(({ toMs }) => toMs === null);
    const fromMs = outages.reduce(
      (least, outage) => Math.min(least, outage.fromMs),
      Number.POSITIVE_INFINITY,
    );
    const toMs = outages.reduce((most, outage) => Math.max(most, outage.toMs ?? 0), 0);
    return { type, vehicles, window: { fromMs, toMs: isForGood ? null : toMs } };
  });
}

function stepsOf(outages: readonly Outage[], endMs: number): AwayStep[] {
  const changes = outages
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, by: 1 },
      { atMs: toMs ?? endMs, by: -1 },
    ])
    .filter(({ atMs }) => atMs < endMs)
    .toSorted((a, b) => a.atMs - b.atMs);
  const steps: AwayStep[] = [];
  let vehicles = 0;
  for (const { atMs, by } of changes) {
    vehicles += by;
    if (steps.at(-1)?.atMs === atMs) steps.pop();
    steps.push({ atMs, vehicles });
  }
  return steps;
}
