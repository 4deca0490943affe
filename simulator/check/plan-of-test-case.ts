import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { Duration } from '../../gateway/catalogue/service.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import { type ComponentFault, componentFaultEnd } from '../faults/component-fault.ts';
import type { StandingFault } from '../faults/fault.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedCustomer } from '../scenarios/plan-customers.ts';
import type { PlannedVehicle } from '../scenarios/plan-vehicles.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { plannedVehicleFaults } from './planned-vehicle-faults.ts';
import { constantsOf, sweepEveryMs } from './settings.ts';
import type { ScheduledActivation, TestCase } from './test-case.ts';

/** Default fleet of a test case: two vehicles of the model with every feature, one of each model that lacks a feature. */
export const standardFleet = ['aurora-2026', 'aurora-2026', 'borealis-2026', 'cirrus-2025'] as const;
const languages = ['en', 'es', 'en', 'en'] as const;

const cardNames: Readonly<Record<ScheduledActivation['card'], string>> = {
  good: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  capture_declined: 'pm_card_captureDeclined',
};

export function modelOfVehicle(index: number, fleet: TestCase['fleet'] = [...standardFleet]): VehicleModel {
  const model = shippedModels().find(({ id }) => id === fleet[index]);
  if (!model) throw new Error(`the fleet has no vehicle ${index}`);
  return model;
}

/** The same for every fleet: a VIN is a name here, and says nothing of the model. */
export function vinOf(index: number): string {
  const { vinPrefix, vinPlant } = modelOfVehicle(index);
  return makeVin(vinPrefix, vinPlant, 100_001 + index);
}

export const vehicleCount = standardFleet.length;

/** Returns the vehicles that a test case names, and one that it does not name, if there is one: any message to that one is a bug. */
function vehiclesOf({ activations, world }: TestCase): number[] {
  const named = new Set(activations.map(({ vehicle }) => vehicle));
  for (const fault of world) if ('vehicle' in fault) named.add(fault.vehicle);
  const all = Array.from({ length: vehicleCount }, (_, index) => index);
  const bystander = all.find((index) => !named.has(index));
  return all.filter((index) => named.has(index) || index === bystander);
}

/** The first purchase of an activation, and the second where the customer buys it again. */
export interface TestCasePurchase extends PlannedPurchase {
  /** Index into the test case's activations. */
  readonly activation: number;
}

export function purchasesOf(testCase: TestCase, catalogue: Catalogue): TestCasePurchase[] {
  const services = catalogue.services();
  const wishes = testCase.activations.flatMap((scheduled, activation) => {
    const { atMs, againAfterMs } = scheduled;
    const again = againAfterMs === null ? [] : [{ scheduled, activation, atMs: atMs + againAfterMs }];
    return [{ scheduled, activation, atMs }, ...again];
  });
  const timed = wishes.map((wish, index) => ({ ...wish, index }));
  timed.sort((left, right) => left.atMs - right.atMs || left.index - right.index);
  return timed.map(({ scheduled, activation, atMs }, index): TestCasePurchase => {
    const service = services[scheduled.service % services.length];
    const { hours } = scheduled;
    const duration: Duration | undefined =
      hours === undefined ? service?.offers.at(-1)?.duration : { unit: 'hours', count: hours };
    if (!service || !duration) throw new Error(`the catalogue has no service ${scheduled.service}`);
    return {
      id: `p-${String(index + 1).padStart(3, '0')}`,
      atMs,
      customerId: `customer-${scheduled.vehicle + 1}`,
      vin: vinOf(scheduled.vehicle),
      serviceId: service.id,
      feature: service.feature,
      duration,
      method: cardNames[scheduled.card],
      preDelivery: false,
      intent: scheduled.card === 'declined' ? 'declined' : 'ordinary',
      activation,
    };
  });
}

function plannedVehicle(testCase: TestCase, catalogue: Catalogue, index: number): PlannedVehicle {
  return {
    vin: vinOf(index),
    model: modelOfVehicle(index, testCase.fleet).id,
    region: 'DE',
    latitude: 52.52,
    longitude: 13.405,
    chargePercent: 80,
    customerId: `customer-${index + 1}`,
    faults: plannedVehicleFaults(testCase, catalogue, index),
  };
}

/** Longest delay of an activation by faults of the environment, beyond its policy. */
function slackOf(testCase: TestCase, catalogue: Catalogue): number {
  const awayMs = testCase.world.reduce((sum, fault) => {
    if (fault.type === 'crash' || fault.type === 'crash_at' || fault.type === 'stop')
      return sum + fault.downMs + sweepEveryMs;
    if (fault.type === 'down' || fault.type === 'cut') return sum + fault.forMs + 300_000;
    return sum + 300_000;
  }, 0);
  const calls = testCase.activations.flatMap(({ faults }) => faults);
  const slow = calls.reduce((sum, fault) => {
    if (fault.type === 'http') return sum + fault.count * 130_000;
    return fault.type === 'message' || fault.type === 'late' ? sum + fault.delayMs : sum;
  }, 0);
  return 120_000 + awayMs + slow + quotaWaitMs(testCase, catalogue) + lifeMs(testCase);
}

/** Each later activation (a deactivation, a reactivation, a manual retry) may occupy the vehicle for a time-out. */
function lifeMs({ activations, policy, reconcileMs }: TestCase): number {
  const events = activations.reduce(
    (sum, { hours, life = [], support = [] }) =>
      sum + (hours === undefined ? 0 : 2) + life.length + support.filter(({ act }) => act === 'retry').length,
    0,
  );
  const commands = reconcileMs === undefined ? events : 2 * events + 1;
  return commands * (policy.maxRetries + 1) * (policy.commandTimeoutMs + policy.maxDelayMs);
}

/** Each vehicle has a customer of its own; every other one takes push messages. */
export function testCaseCustomers(): PlannedCustomer[] {
  return languages.map((language, index) => ({
    id: `customer-${index + 1}`,
    name: `Customer ${index + 1}`,
    email: `customer-${index + 1}@example.com`,
    language,
    push: index % 2 === 0,
  }));
}

/** Revocations spend quota too, which the bound of a policy knows nothing of: a window for every ten commands. */
function quotaWaitMs(testCase: TestCase, catalogue: Catalogue): number {
  const { quotaLimit, quotaWindowMs, maxRetries } = constantsOf(testCase);
  const perPurchase = maxRetries + 1 + 3;
  const counts = purchasesOf(testCase, catalogue).reduce((sums, { vin, activation }) => {
    const { life = [], support = [] } = testCase.activations[activation] ?? {};
    const afterwards = (life.length + support.length) * (maxRetries + 1);
    return sums.set(vin, (sums.get(vin) ?? 0) + perPurchase + afterwards);
  }, new Map<string, number>());
  return Math.floor(Math.max(0, ...counts.values()) / quotaLimit) * quotaWindowMs;
}

const processNames = { platform: 'platform', api_iot: 'api-iot' } as const;
/** How long a broker that restarts in a test case is away. */
const brokerAwayMs = 500;

/** Returns the component faults of a test case as a scenario has them. */
function componentFaultsOf({ world }: TestCase): ComponentFault[] {
  return world.flatMap((fault): ComponentFault[] => {
    const name = fault.type;
    switch (fault.type) {
      case 'nats_wiped':
        return [{ name, type: 'nats_wiped', schedule: { afterMs: fault.atMs }, attributes: {} }];
      case 'broker_restarted': {
        const attributes = { forMs: brokerAwayMs, keepsSessions: !fault.forgets };
        return [{ name, type: 'broker_restart', schedule: { afterMs: fault.atMs }, attributes }];
      }
      case 'down': {
        if (fault.service !== 'nats') return [];
        const { fromMs: afterMs, forMs } = fault;
        return [{ name, type: 'nats_down', schedule: { afterMs }, attributes: { forMs } }];
      }
      case 'stop': {
        const attributes = { process: processNames[fault.process], forMs: fault.downMs };
        return [{ name, type: 'gateway_stop', schedule: { afterMs: fault.atMs }, attributes }];
      }
      case 'crash': {
        const { step, downMs: forMs } = fault;
        const process = processNames[fault.process];
        return [{ name, type: 'crash_at_step', attributes: { process, step, forMs } }];
      }
      case 'crash_at': {
        const { call, nth, phase, downMs: forMs } = fault;
        return [{ name, type: 'crash_at_call', attributes: { call, nth, phase, forMs } }];
      }
      default:
        return [];
    }
  });
}

/** Returns the test case as the plan of a run. */
export function planOf(testCase: TestCase, catalogue: Catalogue): Plan {
  const partFaults = componentFaultsOf(testCase);
  return {
    scenario: 'world',
    seed: testCase.seed,
    timeScale: 1,
    constants: constantsOf(testCase),
    telemetryEveryMs: telemetryEveryMs,
    slackMs: slackOf(testCase, catalogue),
    vehicles: vehiclesOf(testCase).map((index) => plannedVehicle(testCase, catalogue, index)),
    customers: testCaseCustomers(),
    purchases: purchasesOf(testCase, catalogue).map(({ activation: _, ...purchase }) => purchase),
    apiIotFaults: [],
    ...(partFaults.length > 0 ? { partFaults } : {}),
    faultSeed: 0,
  };
}

/** Returns the last moment at which a fault begins or ends; the moment of a crash at a step is not known before. */
export function lastFaultEnd({ vehicles, partFaults = [] }: Plan, { world }: TestCase): number {
  return Math.max(
    0,
    ...vehicles.flatMap(({ faults }) => faults.map(standingForm).map(endOfFault)),
    ...partFaults.map(componentFaultEnd),
    ...world.map((fault) => (fault.type === 'down' ? fault.fromMs + fault.forMs : 0)),
  );
}

function endOfFault({ schedule }: StandingFault): number {
  return (schedule?.afterMs ?? 0) + (schedule?.forMs ?? 0);
}

/** Telemetry decides nothing here, and costs an event each. */
export const telemetryEveryMs = 3_600_000;
