import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { ComponentFault } from '../faults/component-fault.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedCustomer } from '../scenarios/plan-customers.ts';
import type { PlannedVehicle } from '../scenarios/plan-vehicles.ts';
import { plannedServiceFaults } from './planned-service-faults.ts';
import { plannedVehicleFaults } from './planned-vehicle-faults.ts';
import { modelOfVehicle, purchasesOf, vehicleCount, vinOf } from './purchases-of-test-case.ts';
import { constantsOf, sweepEveryMs } from './settings.ts';
import type { TestCase } from './test-case.ts';

const languages = ['en', 'es', 'en', 'en'] as const;

/** Returns the vehicles that a test case names, and one that it does not name, if there is one: any message to that one is a bug. */
function vehiclesOf({ activations, world }: TestCase): number[] {
  const named = new Set(activations.map(({ vehicle }) => vehicle));
  for (const fault of world) if ('vehicle' in fault) named.add(fault.vehicle);
  const all = Array.from({ length: vehicleCount }, (_, index) => index);
  const bystander = all.find((index) => !named.has(index));
  return all.filter((index) => named.has(index) || index === bystander);
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
    return sum + ('forMs' in fault ? fault.forMs : 0) + 300_000;
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
    scenario: 'test-case',
    seed: testCase.seed,
    timeScale: 1,
    constants: constantsOf(testCase),
    telemetryEveryMs: telemetryEveryMs,
    slackMs: slackOf(testCase, catalogue),
    vehicles: vehiclesOf(testCase).map((index) => plannedVehicle(testCase, catalogue, index)),
    customers: testCaseCustomers(),
    purchases: purchasesOf(testCase, catalogue).map(({ activation: _, ...purchase }) => purchase),
    ...plannedServiceFaults(testCase, catalogue),
    ...(partFaults.length > 0 ? { partFaults } : {}),
    faultSeed: 0,
  };
}

/** Telemetry decides nothing here, and costs an event each. */
export const telemetryEveryMs = 3_600_000;
