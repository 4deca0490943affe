import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import type { ComponentFault } from '../faults/component-fault.ts';
import type { ProcessStep } from '../faults/crash-points.ts';
import { newMessageLog } from '../run/message-log.ts';
import { specsOf } from '../run/run-fleet.ts';
import { virtualComponentFaults } from '../virtual-system/component-faults.ts';
import type { DependencyOverrides } from '../virtual-system/dependency-overrides.ts';
import { serviceFaults } from '../virtual-system/service-faults.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { virtualSystem } from '../virtual-system/virtual-system.ts';
import { planOf, telemetryEveryMs } from './plan-of-test-case.ts';
import { newRegistrations } from './registrations.ts';
import { constantsOf, platformSettings } from './settings.ts';
import { giveStoresBack, registerFleet, takeStores } from './stores.ts';
import type { TestCase } from './test-case.ts';
import { type Move, newWatch } from './watch.ts';

/** The workload begins when the fleet stands. */
export const settleInMs = 10_000;

export interface TestCaseOptions {
  /** Turns without anything new before a drain counts as done; a deeper drain must give the same trace. */
  readonly drainDepth?: number;
  readonly overrides?: DependencyOverrides;
  /** What is sold; the test case's policy takes the place of every service's. The product's own by default. */
  readonly catalogue?: Catalogue;
}

/** A process that died in this run. */
export interface Death {
  readonly atMs: number;
  readonly process: string;
  readonly step: number;
  /** `after http POST /v1/payment_intents` */
  readonly label: string;
}

/** Returns everything of one run, put together and not yet begun. */
export async function testCaseSystem(testCase: TestCase, options: TestCaseOptions = {}) {
  const { drainDepth = 1, overrides = {}, catalogue = shippedCatalogue() } = options;
  const { batchMs, skewMs, seed } = testCase;
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt, batchMs, drainDepth, eventsMax: 2_000_000 });
  const startedAt = virtualTimeBeginsAt + settleInMs;
  const random = seededRandom(seed);
  const trace = virtualTrace({ now: () => loop.now() - startedAt });
  const plan = planOf(testCase, catalogue);
  const moves: (Move & { readonly atMs: number })[] = [];
  let onMove: (move: Move) => void = () => {};
  const registrations = newRegistrations(testCase);
  const watch = newWatch({
    now: () => loop.now() - startedAt,
    constants: constantsOf(testCase),
    onMove(move) {
      moves.push({ ...move, atMs: loop.now() - startedAt });
      onMove(move);
      const { id, before, after } = move;
      trace.record('engine', 'state', {
        id,
        from: before?.phase ?? null,
        to: after.phase,
        attempts: after.attempts.length,
        money: after.settlement?.status ?? null,
      });
    },
    onMoney: (kind, activationId) => trace.record('payment', kind, { activationId }),
    parametersOf: (serviceId, model) => catalogue.configuration(serviceId, model)?.parameters ?? null,
    modelsSince: registrations.modelsSince,
  });
  const stores = await takeStores();
  if (testCase.fleet) await registerFleet(stores, loop.process('setup'), testCase.fleet);
  const draws = random.stream('network');
  const latencyMs = () => integerBetween(draws, 1, 60);
  const clock = loop.clock('network');
  const faults = serviceFaults(plan, clock);
  let redeliveries = 0;
  const messageLog = newMessageLog(
    clock,
    () => {},
    (topic, payload) => {
      trace.record(topic.includes('/cmd/') ? 'api_iot' : 'vehicle', 'mqtt', { topic, payload });
      watch.onMessage(topic, payload);
    },
  );
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs,
    apiIotSkewMs: skewMs.apiIot,
    platform: platformSettings(testCase, catalogue),
    apiIot: { commandTimeoutMs: testCase.policy.commandTimeoutMs },
    logOf: trace.log,
    overrides,
    faults: {
      notification: faults.notification,
      serviceLink: messageLog.tapService,
    },
    watch: {
      onCommit(store) {
        if (store === 'platform') watch.afterPlatform(stores.platform.read);
        if (store === 'apiIot') watch.afterApiIot(stores.apiIot.read);
        if (store === 'payments') watch.afterPayments(stores.payments.read);
      },
      onNotification: (channel, to, headline) => trace.record('notice', channel, { to, headline }),
      onPublish: (subject) => trace.record('nats', 'publish', { subject }),
      onRedelivery() {
        redeliveries += 1;
      },
      onProcess(event, fields) {
        if (event === 'stops') stops += 1;
        trace.record('fault', event, fields);
      },
    },
  });
  const { network, gateway } = system;
  faults.install(network);
  network.onOutcome(({ from, request }, outcome) => {
    const { pathname } = new URL(request.url);
    trace.record(from, 'http', { call: `${request.method} ${pathname}`, outcome });
  });
  let stops = 0;
  const deaths: Death[] = [];
  const steps: string[] = [];
  const processNameOf = ({ process }: ProcessStep) => (process === 'api-iot' ? 'api_iot' : process);
  const components = virtualComponentFaults(
    plan.partFaults ?? [],
    { loop, clock: system.clock, stream: system.stream, broker: system.broker, gateway },
    {
      onFault: (fault, event) => trace.record('fault', ...traceOf(fault, event)),
      onStep: (step) => steps.push(`${processNameOf(step)} ${step.number} ${step.phase} ${step.label}`),
      onCrash(step) {
        const { number, phase, label } = step;
        const process = processNameOf(step);
        deaths.push({ atMs: loop.now() - startedAt, process, step: number, label: `${phase} ${label}` });
      },
    },
  );
  // The password has no effect: the virtual broker accepts every client.
  const fleet = system.fleetOf(specsOf(plan, { newToken: () => 'password' }), messageLog.tap, {
    telemetryMs: telemetryEveryMs,
  });

  return {
    ...system,
    catalogue,
    plan,
    startedAt,
    trace,
    faults,
    components,
    watch,
    messageLog,
    fleet,
    registrations,
    moves: () => moves,
    /** Called with each saved change of an activation from now on. */
    onMove(look: (move: Move) => void): void {
      onMove = look;
    },
    deaths: () => deaths,
    /** What went wrong on purpose, by name. */
    injected(): Readonly<Record<string, number>> {
      return {
        ...fleet.faultCounts(),
        ...faults.countsByName(),
        ...(redeliveries > 0 ? { redelivery: redeliveries } : {}),
      };
    },
    /** How often a process was stopped as on a signal. */
    stops: () => stops,
    /** Every step of the platform and the API IoT, in order: where a crash sweep can kill them. */
    steps: (): readonly string[] => steps,
    /** Nothing of this system acts any more; its databases go to the next one. */
    close(): void {
      loop.killAll();
      giveStoresBack(stores);
    },
  };
}

export type TestCaseSystem = Awaited<ReturnType<typeof testCaseSystem>>;

/** Returns the line of a component fault in the trace. */
function traceOf(fault: ComponentFault, event: 'begins' | 'ends'): [string, Record<string, unknown>] {
  switch (fault.type) {
    case 'nats_wiped':
      return ['NATS wiped', {}];
    case 'nats_down':
      return event === 'ends'
        ? ['up', { service: 'nats' }]
        : ['down', { service: 'nats', forMs: fault.attributes.forMs }];
    case 'broker_restart':
      return ['broker restarted', { forgets: !fault.attributes.keepsSessions }];
    case 'gateway_stop':
    case 'gateway_crash': {
      const { process, forMs: downMs } = fault.attributes;
      return ['stops', { process: process === 'api-iot' ? 'api_iot' : process, downMs }];
    }
    default:
      return [fault.type, {}];
  }
}
