import { stringify } from 'yaml';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { readScenarioFile } from '../scenarios/scenario-file.ts';
import { planOf, purchasesOf, vinOf } from './plan-of-test-case.ts';
import { constantsOf } from './settings.ts';
import type { ActivationFault, HttpFailure, HttpStep, SystemFault, TestCase } from './test-case.ts';

export type ScenarioText =
  | { readonly ok: true; readonly text: string }
  /** What of the test case a scenario cannot have, a sentence each. */
  | { readonly ok: false; readonly reasons: readonly string[] };

/** What a part of a test case is in a scenario: fault records, or why there are none. */
interface Converted {
  readonly faults?: readonly object[];
  readonly reason?: string;
}

type HttpFault = Extract<ActivationFault, { type: 'http' }>;

/** Returns the test case as the text of a scenario file, at the pace of real time. */
export function scenarioOf(testCase: TestCase, about: string, catalogue: Catalogue): ScenarioText {
  const plan = planOf(testCase, catalogue);
  const converted = [
    ...unsupported(testCase),
    ...vehicleRecords(plan),
    ...callRecords(testCase, catalogue),
    ...testCase.world.map(systemRecord),
  ];
  const reasons = converted.flatMap(({ reason }) => reason ?? []);
  if (reasons.length > 0) return { ok: false, reasons: [...new Set(reasons)] };
  const list = converted.flatMap(({ faults = [] }) => faults);
  const scenario = {
    name: 'saved-test-case',
    description: about.slice(0, 500),
    timeScale: 1,
    constants: {
      ...constantsOf(testCase),
      ...(testCase.reconcileMs === undefined ? {} : { reconcileEveryMs: testCase.reconcileMs }),
    },
    telemetryEveryMs: plan.telemetryEveryMs,
    slackMs: plan.slackMs,
    vehicles: {
      count: plan.vehicles.length,
      list: plan.vehicles.map(({ vin, model }) => ({ vin, model })),
    },
    purchases: purchasesIn(plan),
    faults: { ...(plan.partFaults ? { parts: plan.partFaults } : {}), list },
  };
  const text = stringify(scenario, { aliasDuplicateObjects: false });
  const reading = readScenarioFile(text, 'the scenario', catalogue.services());
  return reading.ok ? { ok: true, text } : { ok: false, reasons: reading.mistakes };
}

function purchasesIn({ purchases }: Plan) {
  const services = new Map(
    purchases.map(({ serviceId: id, feature, duration }) => [id, { id, feature, duration, weight: 1 }]),
  );
  const perVehicle = purchases.map(({ vin }) => purchases.filter((one) => one.vin === vin).length);
  return {
    count: purchases.length,
    overMs: Math.max(...purchases.map(({ atMs }) => atMs)),
    perVehicleMax: Math.max(...perVehicle),
    services: [...services.values()],
    list: purchases.map(({ vin, atMs, serviceId: service, duration, method: card }) => ({
      ...{ vin, atMs, service, duration, card },
    })),
  };
}

function unsupported({ activations, skewMs, transfers = [] }: TestCase): Converted[] {
  const reasons = [
    activations.every(({ dispute }) => dispute === undefined)
      ? []
      : 'the bank of a scenario disputes no charge (dispute)',
    transfers.length === 0 ? [] : 'vehicles of a scenario keep their owners (transfers)',
    skewMs.apiIot === 0 ? [] : 'a scenario cannot set the clock of the API IoT wrong (skewMs.apiIot)',
    activations.every(({ hours }) => hours === undefined)
      ? []
      : 'a scenario sells what the catalogue sells, and no hours that pass in minutes (hours)',
    activations.every(({ life = [] }) => life.every(({ type }) => type !== 'cancel'))
      ? []
      : 'customers of a scenario do not cancel (life)',
    activations.every(({ support = [] }) => support.length === 0)
      ? []
      : 'technicians of a scenario do not work on tickets (support)',
  ].flat();
  return reasons.map((reason) => ({ reason }));
}

/** Returns the faults of the plan's vehicles, each as a record of its own. */
function vehicleRecords({ vehicles }: Plan): Converted[] {
  return vehicles.flatMap(({ vin, faults }) =>
    faults.map(standingForm).map(({ commands, state, ...fault }) => {
      const selector = { vins: [vin], ...(commands ? { commands } : {}), ...(state ? { state } : {}) };
      return { faults: [{ ...fault, target: { selector } }] };
    }),
  );
}

/** Calls of one activation. */
function callRecords(testCase: TestCase, catalogue: Catalogue): Converted[] {
  const isAlone = purchasesOf(testCase, catalogue).length === 1;
  return testCase.activations.flatMap(({ vehicle, faults }) =>
    faults.flatMap((fault) => (fault.type === 'http' ? callRecord(fault, vinOf(vehicle), isAlone) : [])),
  );
}

type CallTarget = {
  readonly service: 'api_iot' | 'payments';
  readonly method: string;
  readonly path: string;
};

function callTarget(step: HttpStep, vin: string): CallTarget | null {
  const payments = (path: string): CallTarget => ({ service: 'payments', method: 'POST', path });
  const apiIot = (method: string, path: string): CallTarget => ({
    service: 'api_iot',
    method,
    path: `/vehicle/${vin}/${path}`,
  });
  switch (step) {
    case 'authorise':
      return payments('/v1/payment_intents');
    case 'capture':
      return payments('/v1/payment_intents/*/capture');
    case 'void':
      return payments('/v1/payment_intents/*/cancel');
    case 'refund':
      return payments('/v1/refunds');
    case 'configure':
      return apiIot('POST', 'configure');
    case 'status':
    case 'health':
    case 'history':
      return apiIot('GET', step);
    case 'command':
      return apiIot('GET', 'history/*');
    default:
      return null;
  }
}

/** A slow answer takes longer than the payment client waits and less than the engine does. */
const slowMs = 12_000;

const failures: Readonly<Record<HttpFailure, { readonly type: string; readonly attributes: object }>> = {
  request_lost: { type: 'unreachable', attributes: { breaks: true } },
  response_lost: { type: 'response_lost', attributes: {} },
  server_error: { type: 'server_error', attributes: { status: 503 } },
  slow: { type: 'slow', attributes: { latencyMs: slowMs, jitterMs: 0 } },
};

function callRecord({ step, nth, count, how }: HttpFault, vin: string, isAlone: boolean): Converted {
  if (nth > 1) return { reason: 'faults of calls begin with the first call in a scenario (http with nth)' };
  if (!isAlone)
    return {
      reason: 'faults of calls do not tell two purchases apart in a scenario (http, several purchases)',
    };
  const target = callTarget(step, vin);
  if (target === null)
    return {
      reason: `a scenario has no faults of the step ${step} (http); it has those of payments and API IoT`,
    };
  const { type, attributes } = failures[how];
  const schedule = { first: count };
  return { faults: [{ name: `${step} ${how}`, layer: 'services', type, target, schedule, attributes }] };
}

function systemRecord(fault: SystemFault): Converted {
  switch (fault.type) {
    case 'down':
      return downRecord(fault);
    case 'registered_again':
      return { reason: 'a vehicle of a scenario keeps its model (registered_again)' };
    default:
      // Faults of vehicles and components are in the plan already.
      return {};
  }
}

function downRecord({ service, fromMs: afterMs, forMs }: Extract<SystemFault, { type: 'down' }>): Converted {
  const common = { name: `${service} down`, layer: 'services', schedule: { afterMs, forMs } };
  switch (service) {
    case 'nats':
      return {};
    case 'mail':
      return { faults: [{ ...common, type: 'smtp_down', attributes: { hangs: false } }] };
    case 'push':
      return { faults: [{ ...common, type: 'push_down', attributes: { hangs: false } }] };
    default:
      return { faults: [{ ...common, type: 'unreachable', target: { service }, attributes: {} }] };
  }
}
