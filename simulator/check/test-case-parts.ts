import { integerBetween } from '../../shared/ports/random.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import type { ComponentFault } from '../faults/component-fault.ts';
import type { ProcessStep } from '../faults/crash-points.ts';
import { newMessageLog } from '../run/message-log.ts';
import { specsOf } from '../run/run-fleet.ts';
import type { Plan } from '../scenarios/plan.ts';
import { virtualComponentFaults } from '../virtual-system/component-faults.ts';
import type { DependencyOverrides } from '../virtual-system/dependency-overrides.ts';
import type { OwnEngineProgram } from '../virtual-system/own-engine.ts';
import type { VirtualPlatformSettings } from '../virtual-system/platform-process.ts';
import { serviceFaults } from '../virtual-system/service-faults.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import type { Stores } from '../virtual-system/stores.ts';
import { type VirtualSystemOptions, virtualSystem } from '../virtual-system/virtual-system.ts';
import { databaseFaults } from './database-faults.ts';
import { telemetryEveryMs } from './plan-of-test-case.ts';
import { giveStoresBack, registerFleet, takeStores } from './stores.ts';
import type { TestCase } from './test-case.ts';

/** The workload begins when the fleet stands. */
export const settleInMs = 10_000;

/** A process that died in this run. */
export interface Death {
  readonly atMs: number;
  readonly process: string;
  readonly step: number;
  /** `after http POST /v1/payment_intents` */
  readonly label: string;
}

/** Receives what happens in the system, to judge it while it runs. */
export interface TestCaseObserver {
  readonly onMessage: (topic: string, payload: string) => void;
  /** Called right after each commit, before the one that wrote learns of it. */
  readonly onCommit: (store: keyof Stores) => void;
}

/** Time, chance and trace of one run, before anything of it stands. `drainDepth`: turns without anything new before a drain counts as done. */
export function testCaseTime(
  { seed, batchMs }: Pick<TestCase, 'seed' | 'batchMs'>,
  drainDepth: number,
  eventsMax = 2_000_000,
) {
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt, batchMs, drainDepth, eventsMax });
  const startedAt = virtualTimeBeginsAt + settleInMs;
  const trace = virtualTrace({ now: () => loop.now() - startedAt });
  return { loop, startedAt, trace, random: seededRandom(seed) };
}

export interface TestCasePartsOptions {
  readonly testCase: TestCase;
  readonly plan: Plan;
  /** Null: an engine of the user's own takes its place. */
  readonly platform: VirtualPlatformSettings | null;
  readonly ownEngine?: OwnEngineProgram;
  readonly overrides?: DependencyOverrides;
  readonly observer?: (stores: Stores) => TestCaseObserver;
  readonly tracingOf?: VirtualSystemOptions['tracingOf'];
}

/** Puts together everything of one run, with the faults of its plan; nothing has begun. */
export async function testCaseParts(time: ReturnType<typeof testCaseTime>, options: TestCasePartsOptions) {
  const { loop, startedAt, trace, random } = time;
  const { testCase, plan, platform, overrides = {} } = options;
  const stores = await takeStores();
  if (testCase.fleet) await registerFleet(stores, loop.process('setup'), testCase.fleet);
  const observer = options.observer?.(stores);
  const draws = random.stream('network');
  const latencyMs = () => integerBetween(draws, 1, 60);
  const clock = loop.clock('network');
  const faults = serviceFaults(plan, clock);
  const databases = databaseFaults();
  const counts = { redeliveries: 0, stops: 0 };
  const messageLog = newMessageLog(
    clock,
    () => {},
    (topic, payload) => {
      trace.record(topic.includes('/cmd/') ? 'api_iot' : 'vehicle', 'mqtt', { topic, payload });
      observer?.onMessage(topic, payload);
    },
  );
  const system = virtualSystem({
    ...{ loop, random, stores, latencyMs, platform, overrides },
    ...(options.ownEngine === undefined ? {} : { ownEngine: options.ownEngine }),
    apiIotSkewMs: testCase.skewMs.apiIot,
    apiIot: { commandTimeoutMs: testCase.policy.commandTimeoutMs },
    logOf: trace.log,
    tracingOf: options.tracingOf,
    faults: {
      notification: faults.notification,
      serviceLink: messageLog.tapService,
      database: databases.around,
    },
    watch: {
      ...(observer ? { onCommit: observer.onCommit } : {}),
      onNotification: (channel, to, headline) => trace.record('notice', channel, { to, headline }),
      onPublish: (subject) => trace.record('nats', 'publish', { subject }),
      onRedelivery() {
        counts.redeliveries += 1;
      },
      onProcess(event, fields) {
        if (event === 'stops') counts.stops += 1;
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
  const deaths: Death[] = [];
  const steps: string[] = [];
  const components = virtualComponentFaults(
    plan.partFaults ?? [],
    { loop, clock: system.clock, stream: system.stream, broker: system.broker, gateway },
    {
      onFault(fault, event) {
        const [text, fields] = componentFaultLine(fault, event);
        const own =
          'process' in fields && fields.process === 'platform'
            ? { process: gateway.processNameOf('platform') }
            : {};
        trace.record('fault', text, { ...fields, ...own });
      },
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
    ...{ plan, startedAt, trace, faults, databases, components, messageLog, fleet },
    deaths: () => deaths,
    /** What went wrong on purpose, by name. */
    injected: (): Readonly<Record<string, number>> => ({
      ...fleet.faultCounts(),
      ...faults.countsByName(),
      ...(counts.redeliveries > 0 ? { redelivery: counts.redeliveries } : {}),
      ...(databases.refused() > 0 ? { 'database write': databases.refused() } : {}),
    }),
    /** How often a process was stopped as on a signal. */
    stops: () => counts.stops,
    /** Every step of the platform and the API IoT, in order: where a crash sweep can kill them. */
    steps: (): readonly string[] => steps,
    /** Nothing of this system acts any more; its databases go to the next one. */
    close(): void {
      loop.killAll();
      giveStoresBack(stores);
    },
  };
}

export type TestCaseParts = Awaited<ReturnType<typeof testCaseParts>>;

const processNameOf = ({ process }: ProcessStep) => (process === 'api-iot' ? 'api_iot' : process);

/** Returns process event and fields of a component fault's line in the trace. */
export function componentFaultLine(
  fault: ComponentFault,
  event: 'begins' | 'ends',
): [string, Record<string, unknown>] {
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
