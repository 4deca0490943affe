import { pick, type Random } from '../../shared/ports/random.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { ImpossiblePlan } from './impossible-plan.ts';
import type { PlannedVehicle } from './plan-vehicles.ts';
import { type PlannedAction, renewalId } from './planned-action.ts';
import type { PlannedPurchase } from './planned-purchase.ts';
import type { Scenario } from './scenario.ts';
import type { VehicleSelector } from './stated-purchase.ts';

/** Returns the purchases that the scenario states, in its order; those that name the same kind of vehicle get different ones. */
export function planStated(
  { purchases: { items = [], services, cards }, actions = [] }: Scenario,
  vehicles: readonly PlannedVehicle[],
  random: Random,
  models: readonly VehicleModel[],
): PlannedPurchase[] {
  const chosen = new Map<string, PlannedVehicle>();
  const stated = items.map((item, index): PlannedPurchase => {
    const offered = services.find(({ id }) => id === item.service);
    const feature = item.feature ?? offered?.feature ?? '';
    const hasFeature = ({ model }: PlannedVehicle) =>
      models.find(({ id }) => id === model)?.features.includes(feature) === true;
    const path = ['purchases', 'items', index];
    const vehicle =
      item.vin === undefined
        ? vehicleFor(item.vehicle ?? {}, vehicles, chosen, hasFeature, random, [...path, 'vehicle'])
        : vehicleOf(item.vin, vehicles, [...path, 'vin']);
    chosen.set(item.id, vehicle);
    return {
      id: item.id,
      atMs: item.atMs,
      customerId: item.customer ?? vehicle.customerId,
      vin: vehicle.vin,
      serviceId: item.service,
      feature,
      duration: item.duration ?? offered?.duration ?? { unit: 'permanent' },
      method: item.card ?? cards.good,
      preDelivery: item.preDelivery,
      intent: 'ordinary',
    };
  });
  return [...stated, ...renewalsOf(stated, actions)];
}

/** Returns the purchases that renew others: the same once more, at a later time. */
function renewalsOf(
  stated: readonly PlannedPurchase[],
  actions: readonly PlannedAction[],
): PlannedPurchase[] {
  const counts = new Map<string, number>();
  return actions.flatMap((action) => {
    const renewed = stated.find(({ id }) => id === action.purchase);
    if (action.do !== 'renew' || !renewed) return [];
    const nth = (counts.get(renewed.id) ?? 0) + 1;
    counts.set(renewed.id, nth);
    return [{ ...renewed, id: renewalId(renewed.id, nth), atMs: action.atMs, preDelivery: false }];
  });
}

function vehicleOf(vin: string, vehicles: readonly PlannedVehicle[], path: PropertyKey[]): PlannedVehicle {
  const vehicle = vehicles.find((one) => one.vin === vin);
  if (vehicle) return vehicle;
  throw new ImpossiblePlan(
    path,
    `is "${vin}", and the fleet has no such vehicle; name it in vehicles.list, or choose one with vehicle`,
  );
}

/** One of the vehicles that fit; of those that no other stated purchase has, where there are some. */
function vehicleFor(
  selector: VehicleSelector,
  vehicles: readonly PlannedVehicle[],
  chosen: ReadonlyMap<string, PlannedVehicle>,
  hasFeature: (vehicle: PlannedVehicle) => boolean,
  random: Random,
  path: PropertyKey[],
): PlannedVehicle {
  if (selector.of !== undefined) {
    const same = chosen.get(selector.of);
    if (same) return same;
    throw new ImpossiblePlan(
      [...path, 'of'],
      `is "${selector.of}", which no stated purchase above it is called; write the id of one`,
    );
  }
  const fitting = vehicles.filter((vehicle) => hasFeature(vehicle) && isSelected(selector, vehicle));
  const taken = new Set(chosen.values());
  const free = fitting.filter((vehicle) => !taken.has(vehicle));
  const candidates = free.length > 0 ? free : fitting;
  if (candidates.length > 0) return pick(random, candidates);
  throw new ImpossiblePlan(
    path,
    'fits no vehicle that the seed draws and that has the feature; choose less narrowly, or raise vehicles.count',
  );
}

function isSelected({ model, region, fault }: VehicleSelector, vehicle: PlannedVehicle): boolean {
  if (model !== undefined && vehicle.model !== model) return false;
  if (region !== undefined && vehicle.region !== region) return false;
  switch (fault) {
    case undefined:
      return true;
    case 'none':
      return vehicle.faults.length === 0;
    case 'any':
      return vehicle.faults.length > 0;
    default:
      return vehicle.faults.some(({ type }) => type === fault) || standsAs(vehicle, fault);
  }
}

/** A short form is known by both of its names: hang and hang_at. */
function standsAs({ faults }: PlannedVehicle, type: string): boolean {
  return faults.map(standingForm).some((fault) => fault.type === type);
}
