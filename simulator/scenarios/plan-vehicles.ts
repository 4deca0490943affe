import { integerBetween, pickWeighted, type Random } from '../../shared/ports/random.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import { type FaultRecord, type StandingFault, standingFault } from '../faults/fault.ts';
import { chooseVehicles, targetCount } from '../faults/fault-target.ts';
import type { Outage } from '../fleet/connectivity.ts';
import { standingForm, type VehicleFault } from '../fleet/vehicle-faults.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { inRange, shuffled } from './draws.ts';
import type { PlannedCustomer } from './plan-customers.ts';
import type { RecordedOutage } from './recorded-outages.ts';
import type { Scenario } from './scenario.ts';
import type { Range, VehicleFaultRule } from './vehicle-fault.ts';

export interface PlannedVehicle {
  readonly vin: string;
  /** Model id (`aurora-2026`). */
  readonly model: string;
  readonly region: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly chargePercent: number;
  /** The customer that it belongs to. */
  readonly customerId: string;
  readonly faults: readonly VehicleFault[];
  /** Recorded outages in real time, in their order; left out where the scenario has none for it. */
  readonly outages?: readonly Outage[];
}

/** Every customer in turn gets a vehicle, so that some have two and none has many. */
export function planVehicles(
  scenario: Scenario,
  customers: readonly PlannedCustomer[],
  random: Random,
  models: readonly VehicleModel[],
): PlannedVehicle[] {
  const serials = random.stream('serials');
  const places = random.stream('places');
  const { list = [] } = scenario.vehicles;
  const named = new Set(list.map(({ vin }) => vin));
  const vehicles: PlannedVehicle[] = [];
  const nextSerial = new Map<string, number>();
  for (let index = 0; index < scenario.vehicles.count; index += 1) {
    const own = list[index];
    const model = modelOf(models, own?.model ?? pickWeighted(places, scenario.vehicles.models).model);
    const region = pickWeighted(places, scenario.vehicles.regions);
    const vinOf = (serial: number) => makeVin(model.vinPrefix, model.vinPlant, serial);
    let serial = (nextSerial.get(model.id) ?? 0) + integerBetween(serials, 1, 4);
    while (named.has(vinOf(serial))) serial += 1;
    nextSerial.set(model.id, serial);
    vehicles.push({
      vin: own?.vin ?? vinOf(serial),
      model: model.id,
      region: region.region,
      latitude: near(places, region.latitude, region.spreadDegrees),
      longitude: near(places, region.longitude, region.spreadDegrees),
      chargePercent: integerBetween(places, 20, 100),
      customerId: customers[index % customers.length]?.id ?? '',
      faults: [],
    });
  }
  const given = giveFaults(vehicles, scenario.faults.vehicles, random.stream('vehicle-faults'));
  const recorded = giveRecords(given, scenario.faults.list ?? [], random.stream('fault-records'));
  return giveOutages(recorded, scenario.vehicles.outages ?? []);
}

/** Every record to the vehicles that it means; their order stays. */
function giveRecords(
  vehicles: readonly PlannedVehicle[],
  records: readonly FaultRecord[],
  random: Random,
): PlannedVehicle[] {
  return records.reduce<PlannedVehicle[]>(
    (given, record, index) => {
      if (record.layer === 'services') return given;
      const chosen = new Set(chooseVehicles(record.target, given, random.stream(`${index}`)));
      const fault = standingFault(record);
      return given.map((vehicle) =>
        chosen.has(vehicle) ? { ...vehicle, faults: [...vehicle.faults, fault] } : vehicle,
      );
    },
    [...vehicles],
  );
}

function modelOf(models: readonly VehicleModel[], id: string): VehicleModel {
  const model = models.find((candidate) => candidate.id === id);
  if (!model)
    throw new Error(`no vehicle model ${id}; there are ${models.map((each) => each.id).join(', ')}`);
  return model;
}

/** Six decimals of a degree are about 10 cm: what a receiver reports, and the same text on every machine. */
function near(random: Random, middle: number, spread: number): number {
  return Math.round((middle + (random.fraction() * 2 - 1) * spread) * 1e6) / 1e6;
}

function giveOutages(
  vehicles: readonly PlannedVehicle[],
  recorded: readonly RecordedOutage[],
): PlannedVehicle[] {
  const byVehicle = new Map<number, Outage[]>();
  for (const { vehicle, startMs, durationMs } of recorded.toSorted((a, b) => a.startMs - b.startMs)) {
    const own = byVehicle.get(vehicle) ?? [];
    own.push({ startMs, durationMs });
    byVehicle.set(vehicle, own);
  }
  return vehicles.map((vehicle, index) => {
    const outages = byVehicle.get(index + 1);
    return outages ? { ...vehicle, outages } : vehicle;
  });
}

/** A vehicle meets at most one fault of each type, so that no two contradict each other. */
function giveFaults(
  vehicles: readonly PlannedVehicle[],
  rules: readonly VehicleFaultRule[],
  random: Random,
): PlannedVehicle[] {
  const given = vehicles.map((vehicle) => ({ vehicle, faults: [] as VehicleFault[] }));
  for (const [index, rule] of rules.entries()) {
    const stream = random.stream(`${index}`);
    const candidates = given.filter(
      ({ vehicle, faults }) =>
        (rule.models === undefined || rule.models.includes(vehicle.model)) &&
        !faults.some((fault) => fault.type === rule.type),
    );
    const count = targetCount(rule, candidates.length, stream);
    for (const { faults } of shuffled(stream, candidates).slice(0, count)) {
      faults.push(drawFault(rule, stream));
    }
  }
  return given.map(({ vehicle, faults }) => ({ ...vehicle, faults }));
}

function drawFault(rule: VehicleFaultRule, random: Random): VehicleFault {
  const { type, attributes } = rule;
  const orForGood = (range: Range | null) => (range === null ? null : inRange(random, range));
  switch (type) {
    case 'offline': {
      const afterMs = inRange(random, attributes.afterMs);
      return { type, attributes: { afterMs, forMs: orForGood(attributes.forMs) } };
    }
    case 'lose_result': {
      const { first, withStatus } = attributes;
      return { type, attributes: { first: inRange(random, first), withStatus } };
    }
    case 'cut_when_applying': {
      const { first, forMs } = attributes;
      return { type, attributes: { first: inRange(random, first), forMs: orForGood(forMs) } };
    }
    case 'hang':
      return { type, attributes: { first: orForGood(attributes.first) } };
    case 'ecu_busy':
    case 'low_12v':
    case 'storage_full': {
      const { first, feature } = attributes;
      return { type, attributes: { first: orForGood(first), feature } };
    }
    case 'reject':
      return { type, attributes };
    case 'clock_skew':
      return { type, attributes: { skewMs: inRange(random, attributes.skewMs) } };
    default:
      return rule satisfies never;
  }
}

/** The vehicle goes away and does not come back in this run. */
export function isGoneForGood(vehicle: PlannedVehicle): boolean {
  return vehicle.faults.map(standingForm).some(isForGood);
}

/** It keeps the vehicle from being reached, and nothing ends it. */
function isForGood({ type, toxicity, schedule, state }: StandingFault): boolean {
  const forMs = schedule?.forMs ?? null;
  const isAway = type === 'offline' || type === 'asleep' || type === 'timeout';
  return isAway && toxicity > 0 && forMs === null && (state === undefined || schedule?.forMs === null);
}

/**
 * No command can take effect on it for good: it is away, it hangs, or every command looks expired to its clock. An
 * obligation toward such a vehicle stays open.
 */
export function isBeyondCommand(vehicle: PlannedVehicle, commandTimeoutMs: number): boolean {
  return vehicle.faults
    .map(standingForm)
    .some((fault) => isForGood(fault) || takesNothing(fault, commandTimeoutMs));
}

function takesNothing(fault: StandingFault, commandTimeoutMs: number): boolean {
  const { schedule, toxicity } = fault;
  const isPassing = typeof schedule?.forMs === 'number' || schedule?.first !== undefined;
  if (isPassing || toxicity < 1 || fault.commands !== undefined) return false;
  switch (fault.type) {
    case 'hang_at':
      return fault.attributes.at !== 'answering';
    case 'clock_skew':
      return fault.attributes.skewMs > commandTimeoutMs;
    case 'wedged':
    case 'lose_command':
    case 'expired':
    case 'wrong_vin':
    case 'corrupt_payload':
    case 'stale_version':
      return !('stream' in fault) || fault.stream === 'downstream';
    default:
      return false;
  }
}
