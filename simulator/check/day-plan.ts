import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { integerBetween, pick, type Random } from '../../shared/ports/random.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedCustomer } from '../scenarios/plan-customers.ts';
import type { PlannedVehicle } from '../scenarios/plan-vehicles.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { telemetryEveryMs } from './plan-of-test-case.ts';
import { constantsOf } from './settings.ts';
import { calmTestCase, type TestCase } from './test-case.ts';

export interface DaySize {
  readonly seed: number;
  readonly vehicleCount: number;
  readonly purchaseCount: number;
  readonly durationMs: number;
}

/** The specification's policy, and nothing that goes wrong but the vehicles' links. */
export function dayTestCase(seed: number): TestCase {
  return { ...calmTestCase([]), seed };
}

interface DayVehicle extends PlannedVehicle {
  readonly spec: VehicleSpec;
}

export interface DayPlan {
  readonly plan: Plan;
  readonly specs: readonly VehicleSpec[];
}

/** Each vehicle has a customer of its own; purchases come evenly over the time, each at any vehicle that has the feature. */
export function planDay(size: DaySize, catalogue: Catalogue, random: Random): DayPlan {
  const customers = Array.from({ length: size.vehicleCount }, (_, index) => customerOf(index));
  const vehicles = customers.map((customer, index) => vehicleOf(customer, index));
  const purchases = purchasesOfDay(size, catalogue, vehicles, random.stream('purchases'));
  return {
    specs: vehicles.map(({ spec }) => spec),
    plan: {
      scenario: 'day',
      seed: size.seed,
      timeScale: 1,
      constants: constantsOf(dayTestCase(size.seed)),
      telemetryEveryMs,
      slackMs: slackMs,
      vehicles: vehicles.map(({ spec: _, ...planned }) => planned),
      connectivity: 'drive',
      customers,
      purchases,
      apiIotFaults: [],
      faultSeed: 0,
    },
  };
}

/** The longest gap in the drive data is 593 s, and two of them may follow each other closely. */
const slackMs = 1_500_000;

function customerOf(index: number): PlannedCustomer {
  const id = `customer-${String(index + 1).padStart(5, '0')}`;
  return {
    id,
    name: `Customer ${index + 1}`,
    email: `${id}@example.com`,
    language: index % 4 === 0 ? 'es' : 'en',
    push: index % 2 === 0,
  };
}

function modelAt(index: number): VehicleModel {
  const model = shippedModels()[index % shippedModels().length];
  if (!model) throw new Error('there are no vehicle models');
  return model;
}

function vehicleOf(customer: PlannedCustomer, index: number): DayVehicle {
  const model = modelAt(index);
  const vin = makeVin(model.vinPrefix, model.vinPlant, 100_001 + index);
  const place = { region: 'DE', latitude: 52.52, longitude: 13.405, chargePercent: 80 };
  return {
    vin,
    model: model.id,
    customerId: customer.id,
    faults: [],
    ...place,
    // The day cuts it itself, by the drive profile: see day-links.ts.
    spec: { vin, model, password: 'password', connectivity: 'steady', faults: [], ...place },
  };
}

function purchasesOfDay(
  { purchaseCount, durationMs }: DaySize,
  catalogue: Catalogue,
  vehicles: readonly DayVehicle[],
  random: Random,
): PlannedPurchase[] {
  const services = catalogue.services();
  return Array.from({ length: purchaseCount }, (_, index): PlannedPurchase => {
    const vehicle = vehicles[integerBetween(random, 0, vehicles.length - 1)];
    const sold = services.filter(({ id }) => vehicle && catalogue.configuration(id, vehicle.model) !== null);
    const service = pick(random, sold);
    const duration = pick(random, service.offers).duration;
    const isDeclined = random.fraction() < declinedShare;
    return {
      id: `p-${String(index + 1).padStart(5, '0')}`,
      atMs: Math.floor((index * durationMs) / purchaseCount),
      vin: vehicle?.vin ?? '',
      customerId: vehicle?.customerId ?? '',
      serviceId: service.id,
      feature: service.feature,
      duration,
      method: isDeclined ? 'pm_card_visa_chargeDeclined' : 'pm_card_visa',
      preDelivery: false,
      intent: isDeclined ? 'declined' : 'ordinary',
    };
  });
}

const declinedShare = 0.03;
