import { stringify } from 'yaml';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { FaultRecord } from '../faults/fault.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { readScenarioFile } from '../scenarios/scenario-file.ts';
import { planOf, purchasesOf, replacementsOf, vehicleSpecsOf, vinOf } from './plan-of-test-case.ts';
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
type VehicleLayer = Exclude<FaultRecord['layer'], 'services'>;

/** Returns the test case as the text of a scenario file, at the pace of real time. */
export function scenarioOf(testCase: TestCase, about: string, catalogue: Catalogue): ScenarioText {
  const plan = planOf(testCase, catalogue);
  const converted = [
    ...unsupported(testCase),
    ...vehicleRecords(testCase, catalogue),
    ...activationRecords(testCase, catalogue),
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

function unsupported({ activations, skewMs }: TestCase): Converted[] {
  const reasons = [
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

/** Faults that the vehicle itself has: its clock, and control units that fail, refuse or are replaced. */
function vehicleRecords(testCase: TestCase, catalogue: Catalogue): Converted[] {
  const own = vehicleSpecsOf(testCase, catalogue).flatMap(({ vin, faults }) =>
    faults.map(standingForm).map((fault) => ({ faults: [{ ...fault, target: targetOf(vin) }] })),
  );
  const replaced = replacementsOf(testCase, catalogue).map(({ vin, atMs, fault }): Converted => {
    const isTroubled = own.some(({ faults }) =>
      faults.some(
        ({ target, attributes }) =>
          target.selector.vins.includes(vin) &&
          'feature' in attributes &&
          attributes.feature === fault.attributes.feature,
      ),
    );
    return isTroubled
      ? { reason: 'faults of a control unit do not leave with it in a scenario (life with a result fault)' }
      : { faults: [{ ...fault, target: targetOf(vin), schedule: { afterMs: atMs } }] };
  });
  return [...own, ...replaced];
}

function targetOf(vin: string, commands?: object) {
  return { selector: { vins: [vin], ...(commands ? { commands } : {}) } };
}

/** Faults of one activation: its messages and calls. */
function activationRecords(testCase: TestCase, catalogue: Catalogue): Converted[] {
  const services = catalogue.services();
  const lastAttempt = testCase.policy.maxRetries + 1;
  const isAlone = purchasesOf(testCase, catalogue).length === 1;
  return testCase.activations.flatMap(({ vehicle, service, faults }) => {
    const vin = vinOf(vehicle);
    const feature = services[service % services.length]?.feature ?? '';
    return faults.map((fault): Converted => {
      switch (fault.type) {
        case 'result':
          return {};
        case 'http':
          return callRecord(fault, vin, isAlone);
        case 'message': {
          const isRevocation = fault.channel.startsWith('revocation');
          const commands = commandsOf(feature, isRevocation ? 'dormant' : 'active', fault.nth, fault.nth);
          return { faults: [{ ...messageOf(fault), target: targetOf(vin, commands) }] };
        }
        case 'mute': {
          const commands = commandsOf(feature, fault.target ?? 'active', fault.from, fault.to);
          const record =
            fault.what === 'command'
              ? named('lose_command', 'message', {})
              : named('lose_ack', 'message', { withStatus: true });
          return { faults: [{ ...record, target: targetOf(vin, commands) }] };
        }
        case 'late': {
          const commands = commandsOf(feature, 'active', lastAttempt, lastAttempt);
          const record = named('delay_ack', 'message', { delayMs: fault.delayMs });
          return { faults: [{ ...record, target: targetOf(vin, commands), schedule: { first: 1 } }] };
        }
        default:
          return fault satisfies never;
      }
    });
  });
}

function named(type: FaultRecord['type'], layer: VehicleLayer, attributes: object) {
  return { name: type, layer, type, attributes };
}

function commandsOf(feature: string, target: 'active' | 'dormant', from: number, to: number) {
  return { feature, kind: target === 'active' ? 'activation' : 'deactivation', from, to };
}

function messageOf({ channel, how, delayMs }: Extract<ActivationFault, { type: 'message' }>): object {
  const isAnswer = channel.endsWith('ack');
  const schedule = { first: 1 };
  if (how === 'drop') return { ...named(isAnswer ? 'lose_ack' : 'lose_command', 'message', {}), schedule };
  if (how === 'delay' && isAnswer) return { ...named('delay_ack', 'message', { delayMs }), schedule };
  const stream = isAnswer ? 'upstream' : 'downstream';
  return { ...named(how === 'delay' ? 'reorder' : 'duplicate', 'message', { delayMs }), stream, schedule };
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
    case 'cut': {
      const { vehicle, fromMs: afterMs, forMs } = fault;
      const record = { ...named('offline', 'link', {}), schedule: { afterMs, forMs } };
      return { faults: [{ ...record, target: targetOf(vinOf(vehicle)) }] };
    }
    case 'down':
      return downRecord(fault);
    case 'restart':
      return { reason: 'a vehicle of a scenario restarts at moments of a command only (restart)' };
    case 'registered_again':
      return { reason: 'a vehicle of a scenario keeps its model (registered_again)' };
    default:
      // Faults of components are in the plan already.
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
