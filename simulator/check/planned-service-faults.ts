import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { ChannelFault, ServiceFaultRecord } from '../faults/fault.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { type Plan, serviceFaultsOf } from '../scenarios/plan.ts';
import { purchasesOf, vinOf } from './purchases-of-test-case.ts';
import type { SystemFault } from './system-fault.ts';
import type { ActivationFault, HttpFailure, HttpStep, TestCase } from './test-case.ts';

type CallFault = Extract<ActivationFault, { type: 'http' }>;
type RequestRecord = Extract<
  ServiceFaultRecord,
  { readonly target: { readonly service: 'api_iot' | 'payments' | 'platform' } }
>;
type RequestTarget = RequestRecord['target'];

/** Returns the faults of services of a test case, as a scenario lists them. */
export function serviceRecordsOf(testCase: TestCase, catalogue: Catalogue): ServiceFaultRecord[] {
  const places = purchasePlaces(testCase, catalogue);
  return [
    ...testCase.activations.flatMap(({ vehicle, faults }, activation) =>
      faults.flatMap((fault) =>
        fault.type === 'http' ? callRecords(fault, vehicle, places.get(activation)) : [],
      ),
    ),
    ...testCase.world.flatMap((fault) => {
      if (fault.type === 'down') return downRecords(fault);
      return fault.type === 'api_iot_fails' ? [incidentRecord(fault)] : [];
    }),
  ];
}

/** Returns the same as a plan has them. */
export function plannedServiceFaults(
  testCase: TestCase,
  catalogue: Catalogue,
): Pick<Plan, 'apiIotFaults' | 'paymentsFaults' | 'platformFaults' | 'channelFaults'> {
  const records = serviceRecordsOf(testCase, catalogue);
  const paymentsFaults = serviceFaultsOf<HttpFault>(records, ['payments']);
  const platformFaults = serviceFaultsOf<HttpFault>(records, ['platform']);
  const channelFaults = serviceFaultsOf<ChannelFault>(records, ['mail', 'push']);
  return {
    apiIotFaults: serviceFaultsOf<HttpFault>(records, ['api_iot']),
    ...(paymentsFaults.length > 0 ? { paymentsFaults } : {}),
    ...(platformFaults.length > 0 ? { platformFaults } : {}),
    ...(channelFaults.length > 0 ? { channelFaults } : {}),
  };
}

/** Returns the place of each activation's first purchase among all; empty where there is one purchase only. */
function purchasePlaces(testCase: TestCase, catalogue: Catalogue): ReadonlyMap<number, number> {
  const purchases = purchasesOf(testCase, catalogue);
  if (purchases.length === 1) return new Map();
  return new Map(purchases.map(({ activation }, index) => [activation, index + 1] as const).reverse());
}

function callRecords(fault: CallFault, vehicle: number, place: number | undefined): ServiceFaultRecord[] {
  const { step, nth, count, how } = fault;
  const from = nth > 1 ? { from: nth } : {};
  const common = {
    name: `${step} ${how}`,
    layer: 'services',
    toxicity: 1,
    schedule: { ...from, first: count },
  } as const;
  if (step === 'email' || step === 'push') return [channelRecord(step, how, common, vehicle)];
  return targetsOf(step, vinOf(vehicle), place).map((target) => requestRecord(how, { ...common, target }));
}

interface Common {
  readonly name: string;
  readonly layer: 'services';
  readonly toxicity: number;
  readonly schedule: NonNullable<ServiceFaultRecord['schedule']>;
}

/** A slow answer takes longer than the payment client waits and less than the engine does. */
const slowMs = 12_000;
const channelSlowMs = 5_000;

function requestRecord(how: HttpFailure, common: Common & { readonly target: RequestTarget }): RequestRecord {
  switch (how) {
    case 'request_lost':
      return { ...common, type: 'unreachable', attributes: { breaks: true } };
    case 'response_lost':
      return { ...common, type: 'response_lost', attributes: {} };
    case 'server_error':
      return { ...common, type: 'server_error', attributes: { status: 503 } };
    case 'slow':
      return { ...common, type: 'slow', attributes: { latencyMs: slowMs, jitterMs: 0 } };
    default:
      return how satisfies never;
  }
}

/** Faults of messages to the owner of the vehicle. */
function channelRecord(
  step: 'email' | 'push',
  how: HttpFailure,
  common: Common,
  vehicle: number,
): ServiceFaultRecord {
  const recipient = `customer-${vehicle + 1}`;
  const down = {
    ...common,
    attributes: { hangs: how === 'request_lost' || how === 'response_lost', takes: how === 'response_lost' },
  };
  const slow = { ...common, attributes: { latencyMs: channelSlowMs } };
  if (step === 'email') {
    const target = { service: 'mail', recipient } as const;
    return how === 'slow' ? { ...slow, type: 'smtp_slow', target } : { ...down, type: 'smtp_down', target };
  }
  const target = { service: 'push', recipient } as const;
  return how === 'slow' ? { ...slow, type: 'push_slow', target } : { ...down, type: 'push_down', target };
}

/** The requests of a step: of the purchase's payment, of the vehicle, or of everyone where the request names neither. */
function targetsOf(
  step: Exclude<HttpStep, 'email' | 'push'>,
  vin: string,
  place: number | undefined,
): RequestTarget[] {
  const purchase = place === undefined ? {} : { purchase: place };
  const payments = (path: string): RequestTarget[] => [
    { service: 'payments', method: 'POST', path, ...purchase },
  ];
  const platform = (path: string): RequestTarget[] => [{ service: 'platform', method: 'POST', path }];
  const apiIot = (method: string, path: string): RequestTarget[] => [
    { service: 'api_iot', method, path: `/vehicle/${vin}/${path}` },
  ];
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
    case 'purchase':
      return platform('/purchases');
    case 'cancel':
      return platform('/purchases/*/cancel');
    case 'ticket':
      return platform('/tickets/*/*');
    case 'callback':
      return platform('/callbacks/api-iot');
    case 'token':
      return [...platform('/oauth/token'), { service: 'api_iot', method: 'POST', path: '/oauth/token' }];
    default:
      return step satisfies never;
  }
}

function downRecords({
  service,
  fromMs: afterMs,
  forMs,
}: Extract<SystemFault, { type: 'down' }>): ServiceFaultRecord[] {
  const common = {
    name: `${service} down`,
    layer: 'services',
    toxicity: 1,
    schedule: { afterMs, forMs },
  } as const;
  const attributes = { hangs: false, takes: false };
  switch (service) {
    case 'nats':
      // A fault of a component.
      return [];
    case 'mail':
      return [{ ...common, type: 'smtp_down', target: { service }, attributes }];
    case 'push':
      return [{ ...common, type: 'push_down', target: { service }, attributes }];
    default:
      return [{ ...common, type: 'unreachable', target: { service }, attributes: { breaks: false } }];
  }
}

/** Every request of the API IoT fails for one cause, or every one for an access token. */
function incidentRecord({
  cause,
  fromMs: afterMs,
  forMs,
}: Extract<SystemFault, { type: 'api_iot_fails' }>): RequestRecord {
  const common = {
    name: `API IoT fails: ${cause}`,
    layer: 'services',
    toxicity: 1,
    schedule: { afterMs, forMs },
  } as const;
  const all = { service: 'api_iot' } as const;
  const token = { ...all, method: 'POST', path: '/oauth/token' };
  switch (cause) {
    case 'credentials':
      return { ...common, type: 'unauthorized', target: all, attributes: {} };
    case 'token_refused':
      return { ...common, type: 'unauthorized', target: token, attributes: {} };
    case 'token_away':
      return { ...common, type: 'unreachable', target: token, attributes: { breaks: false } };
    case 'server_errors':
      return { ...common, type: 'server_error', target: all, attributes: { status: 503 } };
    default:
      return cause satisfies never;
  }
}
