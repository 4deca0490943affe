import { integerBetween, pickWeighted, type Random } from '../../shared/ports/random.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { type Arrivals, arrivalAt } from './arrivals.ts';
import { shuffled } from './draws.ts';
import { ImpossiblePlan } from './impossible-plan.ts';
import { planStated } from './plan-stated.ts';
import { isGoneForGood, type PlannedVehicle } from './plan-vehicles.ts';
import { type PlannedPurchase, plannedId } from './planned-purchase.ts';
import type { Scenario } from './scenario.ts';

type OfferedService = Scenario['purchases']['services'][number];

/** How long after the beginning of an outage a purchase for that vehicle arrives, at the latest. */
const intoOutageMaxMs = 5_000;

/**
 * Draws purchases for vehicles at random, beside those that the scenario states. A vehicle and a service meet at most once,
 * so no purchase finds another one open; a vehicle that is gone for good gets one purchase only. With `faulted-first` every
 * vehicle with a fault gets a purchase first.
 */
export function planPurchases(
  scenario: Scenario,
  vehicles: readonly PlannedVehicle[],
  random: Random,
  models: readonly VehicleModel[],
): PlannedPurchase[] {
  const rules = scenario.purchases;
  if (rules.list) return listedPurchases(rules.list, rules.services, vehicles);
  const stated = planStated(scenario, vehicles, random.stream('stated'), models);
  const drawn = drawPurchases(scenario, vehicles, stated, random, models);
  return [...drawn, ...stated].sort((a, b) => a.atMs - b.atMs);
}

function drawPurchases(
  scenario: Scenario,
  vehicles: readonly PlannedVehicle[],
  stated: readonly PlannedPurchase[],
  random: Random,
  models: readonly VehicleModel[],
): PlannedPurchase[] {
  const rules = scenario.purchases;
  const wishes = choosePurchases(scenario, vehicles, stated, random.stream('wishes'), models);
  const ordinary = wishes.filter((wish) => wish.intent === 'ordinary');
  const draw = random.stream('kinds');
  const declined = new Set(shuffled(draw, ordinary).slice(0, rules.declined));
  const preDelivery = new Set(
    shuffled(
      draw,
      ordinary.filter((wish) => !declined.has(wish)),
    ).slice(0, rules.preDelivery),
  );
  const times = random.stream('times');
  const timed = wishes.map((wish, index) => ({ wish, index, atMs: arrival(scenario, wish.vehicle, times) }));
  timed.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
  return timed.map(({ wish, atMs }, index) => ({
    id: plannedId(index),
    atMs,
    customerId: wish.vehicle.customerId,
    vin: wish.vehicle.vin,
    serviceId: wish.service.id,
    feature: wish.service.feature,
    duration: wish.service.duration,
    method: declined.has(wish) ? rules.cards.declined : rules.cards.good,
    preDelivery: preDelivery.has(wish),
    intent: declined.has(wish) ? 'declined' : wish.intent,
  }));
}

/** Returns the purchases that the scenario names, in the order of their arrival. */
function listedPurchases(
  list: NonNullable<Scenario['purchases']['list']>,
  services: readonly OfferedService[],
  vehicles: readonly PlannedVehicle[],
): PlannedPurchase[] {
  return list.map(({ vin, atMs, service, duration, card }, index) => ({
    id: plannedId(index),
    atMs,
    customerId: vehicles.find((one) => one.vin === vin)?.customerId ?? '',
    vin,
    serviceId: service,
    feature: services.find(({ id }) => id === service)?.feature ?? '',
    duration,
    method: card,
    preDelivery: false,
    intent: 'ordinary',
  }));
}

interface Wish {
  readonly vehicle: PlannedVehicle;
  readonly service: OfferedService;
  readonly intent: 'ordinary' | 'unsupported';
}

function choosePurchases(
  scenario: Scenario,
  vehicles: readonly PlannedVehicle[],
  stated: readonly PlannedPurchase[],
  random: Random,
  models: readonly VehicleModel[],
): Wish[] {
  const { services, count, unsupported, perVehicleMax, buyers } = scenario.purchases;
  const wishes: Wish[] = [];
  const taken = new Map<string, string[]>();
  const isFree = (vehicle: PlannedVehicle) =>
    (taken.get(vehicle.vin)?.length ?? 0) < (isGoneForGood(vehicle) ? 1 : perVehicleMax);
  const add = (vehicle: PlannedVehicle | undefined, intent: Wish['intent']) => {
    if (vehicle === undefined) return false;
    const bought = taken.get(vehicle.vin) ?? [];
    const fitting = services.filter(
      (service) =>
        !bought.includes(service.id) &&
        !isStated(stated, vehicle, service) &&
        hasFeature(models, vehicle, service.feature) === (intent === 'ordinary'),
    );
    if (fitting.length === 0) return false;
    const service = pickWeighted(random, fitting);
    taken.set(vehicle.vin, [...bought, service.id]);
    wishes.push({ vehicle, service, intent });
    return true;
  };
  // A healthy vehicle that lacks the feature, so that the refusal is seen for what it is.
  const lacking = shuffled(
    random,
    vehicles.filter((vehicle) => vehicle.faults.length === 0),
  );
  for (let made = 0; made < unsupported && lacking.length > 0; ) {
    if (add(lacking.pop(), 'unsupported')) made += 1;
  }
  if (buyers === 'faulted-first') {
    for (const vehicle of vehicles.filter((each) => each.faults.length > 0)) {
      if (wishes.length < count) add(vehicle, 'ordinary');
    }
  }
  let free = vehicles.filter(isFree);
  while (wishes.length < count && free.length > 0) {
    const vehicle = free[integerBetween(random, 0, free.length - 1)];
    const found = add(vehicle, 'ordinary');
    free = free.filter((each) => isFree(each) && (found || each !== vehicle));
  }
  if (wishes.length < count) {
    const most = wishes.length;
    const hint =
      most > 0
        ? `write at most ${most}, or raise perVehicleMax or vehicles.count`
        : 'sell a service that the models of the fleet have';
    throw new ImpossiblePlan(
      ['purchases', 'count'],
      `is ${count}, and the ${vehicles.length} vehicles that the seed draws take only ${most}; ${hint}`,
    );
  }
  return wishes;
}

function isStated(
  stated: readonly PlannedPurchase[],
  { vin }: PlannedVehicle,
  { id }: OfferedService,
): boolean {
  return stated.some((one) => one.vin === vin && one.serviceId === id);
}

function hasFeature(models: readonly VehicleModel[], vehicle: PlannedVehicle, feature: string): boolean {
  return models.find(({ id }) => id === vehicle.model)?.features.includes(feature) ?? false;
}

/** With `faulted-first` an outage is there to be met: purchases for such a vehicle arrive in its first half, or its first seconds. */
function arrival(scenario: Scenario, vehicle: PlannedVehicle, random: Random): number {
  const { overMs, buyers, arrivals } = scenario.purchases;
  if (buyers !== 'faulted-first') return drawnArrival(arrivals, overMs, random);
  for (const { type, state, schedule } of vehicle.faults.map(standingForm)) {
    if (type !== 'offline' || state !== undefined) continue;
    const { afterMs = 0, forMs = null } = schedule ?? {};
    const intoMs = forMs === null ? intoOutageMaxMs : Math.min(forMs / 2, intoOutageMaxMs);
    return Math.min(overMs, integerBetween(random, afterMs, Math.floor(afterMs + intoMs)));
  }
  return drawnArrival(arrivals, overMs, random);
}

function drawnArrival(arrivals: Arrivals | undefined, overMs: number, random: Random): number {
  return arrivals ? arrivalAt(arrivals, overMs, random.fraction()) : integerBetween(random, 0, overMs);
}
