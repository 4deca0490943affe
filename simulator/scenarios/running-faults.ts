import { type FaultRecord, faultRecordSchema } from '../faults/fault.ts';
import { dayMs } from '../faults/fault-shape.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { hasOwnTimes, inRunTimes } from './run-times.ts';
import type { Scenario } from './scenario.ts';
import type { Range, VehicleFaultRule } from './vehicle-fault.ts';

/** Faults of a scenario as a running system takes them. */
export interface RunningFaults {
  readonly records: readonly FaultRecord[];
  /** Faults of the scenario that a running system cannot have, a sentence each. */
  readonly leftOut: readonly string[];
}

const componentReason =
  'NATS, broker and gateway of a running system share a process; use fleetwake run --live, which starts a process for each';

/**
 * Returns the faults of a scenario for a system that runs, with the times of one that is compressed by `timeScale`. Where the seed of a
 * run would draw from a range, the record has its middle; where the scenario names vehicles of its own, it has as many others.
 */
export function runningFaults(scenario: Scenario, timeScale: number): RunningFaults {
  const { faults } = inRunTimes({
    ...{ ...scenario, times: 'scenario' },
    timeScale: hasOwnTimes(scenario) ? timeScale : timeScale / scenario.timeScale,
  });
  return {
    records: [
      ...faults.vehicles.map(ofRule),
      ...faults.apiIot.map((fault) => ofRequests(fault, 'api_iot')),
      ...(faults.payments ?? []).map((fault) => ofRequests(fault, 'payments')),
      ...(faults.list ?? []).map(ofAnyVehicles),
    ].map((record) => faultRecordSchema.parse(withinADay(record))),
    leftOut: leftOutOf(scenario),
  };
}

function leftOutOf({ faults, vehicles }: Scenario): string[] {
  if (Object.values(faults).some((some) => (some ?? []).length > 0))
    return (faults.parts ?? []).map(({ name }) => `${name}: ${componentReason}`);
  return vehicles.connectivity === undefined
    ? ['it has no fault: it differs by cards, models or services']
    : ['it has no fault: its vehicles are badly connected from the start. Add the fault flapping instead'];
}

function ofRule(rule: VehicleFaultRule): object {
  const { name, mode, value, models, type, attributes } = rule;
  const selector = models === undefined ? {} : { models };
  const common = { name, target: { mode, ...(value === undefined ? {} : { value }), selector } };
  switch (type) {
    case 'offline': {
      const schedule = { ...after(attributes.afterMs), ...lasting(attributes.forMs) };
      return { ...common, layer: 'link', type, schedule };
    }
    case 'cut_when_applying': {
      const target = { ...common.target, selector: { ...selector, state: 'applying' } };
      const schedule = { ...first(attributes.first), ...lasting(attributes.forMs ?? [dayMs, dayMs]) };
      return { name, layer: 'link', type: 'offline', target, schedule };
    }
    case 'lose_result': {
      const { withStatus } = attributes;
      const schedule = first(attributes.first);
      return { ...common, layer: 'message', type: 'lose_ack', attributes: { withStatus }, schedule };
    }
    case 'hang':
      return { ...common, layer: 'vehicle', type: 'hang_at', schedule: first(attributes.first) };
    case 'ecu_busy':
    case 'low_12v':
    case 'storage_full': {
      const { feature } = attributes;
      return {
        ...common,
        layer: 'vehicle',
        type,
        attributes: { feature },
        schedule: first(attributes.first),
      };
    }
    case 'reject':
      return { ...common, layer: 'vehicle', type, attributes };
    case 'clock_skew':
      return { ...common, layer: 'vehicle', type, attributes: { skewMs: middle(attributes.skewMs) } };
    default:
      return rule satisfies never;
  }
}

function ofRequests({ match = {}, ...fault }: HttpFault, service: 'api_iot' | 'payments'): object {
  return { ...fault, layer: 'services', target: { service, ...match } };
}

/** Another fleet has other VINs. */
function ofAnyVehicles(record: FaultRecord): object {
  if (record.layer === 'services') return record;
  const { vins, ...selector } = record.target.selector;
  if (vins === undefined) return record;
  return { ...record, target: { mode: 'fixed', value: vins.length, selector } };
}

/** No time of a schedule is longer. */
function withinADay(record: object): object {
  if (!('schedule' in record) || typeof record.schedule !== 'object' || record.schedule === null)
    return record;
  const times = Object.entries(record.schedule).map(([name, value]) => [
    name,
    name.endsWith('Ms') && typeof value === 'number' ? Math.min(value, dayMs) : value,
  ]);
  return times.length === 0
    ? { ...record, schedule: undefined }
    : { ...record, schedule: Object.fromEntries(times) };
}

const middle = ([from, to]: readonly [number, number]) => Math.round((from + to) / 2);

function after(range: Range): { readonly afterMs?: number } {
  return middle(range) === 0 ? {} : { afterMs: middle(range) };
}

function lasting(range: Range | null): { readonly forMs?: number } {
  return range === null ? {} : { forMs: middle(range) };
}

function first(range: Range | null): { readonly first?: number } {
  return range === null ? {} : { first: middle(range) };
}
