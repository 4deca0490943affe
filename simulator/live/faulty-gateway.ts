import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { natsAccessOf, noNatsAccess } from '../../gateway/live/nats-access.ts';
import { closeAll, undoneOnFailure } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { type Log, silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import {
  type ComponentFault,
  isCrashPoint,
  type GatewayProcess as ProcessName,
} from '../faults/component-fault.ts';
import { type ComponentFaults, componentFaults } from '../faults/component-faults.ts';
import { refusalDelayMaxMs } from '../run/refusal-delay.ts';
import type { Plan } from '../scenarios/plan.ts';
import { type FaultyNats, faultyNats, soundNats } from './faulty-nats.ts';
import { type FaultyProcesses, faultyProcesses } from './faulty-processes.ts';
import { freePorts } from './free-port.ts';
import type { GatewayHandle, Launch } from './gateway-handle.ts';
import { type GatewayProcess, gatewayProcess } from './gateway-process.ts';
import type { ProcessHooks, ProcessQuestion, RunQuestion } from './process-questions.ts';
import { type RemoteFaults, remoteFaults } from './remote-faults.ts';

/** What a killed process had claimed waits for the end of its claim, which is twice this long. */
const mailTimeoutMs = 10_000;

const isCrash = (fault: ComponentFault) => fault.type === 'gateway_crash' || isCrashPoint(fault);

/**
 * Launches a gateway whose components fail as the plan says: platform and API IoT are processes of their own, NATS is a server of the
 * run's own, and the broker, in the process of the API IoT, can be stopped and started alone. `program` is the command `fleetwake`.
 */
export function launchWithComponentFaults(plan: Plan, program: string): Launch {
  return ({ config, apiIotFaults, platformFaults, log }) =>
    undoneOnFailure(async (undo) => {
      const freePort = freePorts();
      const nats =
        config.natsUrl === null
          ? await faultyNats({
              program: config.natsServer,
              mayInstall: config.install === 'yes',
              dataFolder: join(config.data, 'nats'),
              prefix: config.natsPrefix,
              port: await freePort(),
              log,
            })
          : soundNats(config.natsUrl.reveal());
      undo(() => nats.stop());
      const parts = new Parts({
        plan,
        config,
        program,
        services: { 'api-iot': remoteFaults(apiIotFaults), platform: remoteFaults(platformFaults) },
      });
      const port = async (wanted: number) => wanted || freePort();
      const common: GatewayConfig = {
        ...config,
        natsUrl: new Address(nats.url),
        ...(config.natsUrl === null ? noNatsAccess : {}),
        ...((plan.partFaults ?? []).some(isCrash) ? { mailTimeoutMs } : {}),
        port: await port(config.port),
        apiIotPort: await port(config.apiIotPort),
        mqttPort: await port(config.mqttPort),
      };
      const apiIot = await parts.start('api-iot', { ...common, roles: ['api-iot', 'broker'] });
      undo(() => apiIot.stop());
      const platform = await parts.start('platform', {
        ...common,
        roles: ['platform', 'engine'],
        apiIotUrl: apiIot.started.apiIot,
      });
      undo(() => platform.stop());
      const processes = faultyProcesses({ platform, 'api-iot': apiIot }, log);
      return handleOf({ plan, parts, nats, processes, platform, apiIot, config: common, log });
    });
}

/** The processes of the gateway, and what they ask. */
class Parts {
  readonly #services: Readonly<Record<ProcessName, RemoteFaults>>;
  readonly #plan: Plan;
  readonly #program: string;
  readonly #isLogged: boolean;
  /** Of each process, over all its starts. */
  readonly #steps: Record<ProcessName, number> = { platform: 0, 'api-iot': 0 };
  faults: ComponentFaults | null = null;

  constructor(deps: {
    readonly plan: Plan;
    readonly config: GatewayConfig;
    readonly program: string;
    readonly services: Readonly<Record<ProcessName, RemoteFaults>>;
  }) {
    const { config } = deps;
    this.#plan = deps.plan;
    this.#program = deps.program;
    this.#services = deps.services;
    // What processes say of components that are away on purpose is shown to who asks for it.
    this.#isLogged = config.logLevel === 'info' || config.logLevel === 'debug';
  }

  start(name: ProcessName, config: GatewayConfig): Promise<GatewayProcess> {
    const { apiIotFaults, platformFaults = [], partFaults = [] } = this.#plan;
    const hooks: ProcessHooks = {
      hasSteps: name === 'platform' && partFaults.some(isCrashPoint),
      hasFaults: (name === 'api-iot' ? apiIotFaults : platformFaults).length > 0,
    };
    return gatewayProcess({
      config,
      command: [this.#program, 'run-gateway', JSON.stringify(hooks)],
      onError: (text) => this.#isLogged && process.stderr.write(text),
      answer: async (asked, channel) => {
        const question = asked as RunQuestion;
        if (question.type === 'request') return this.#services[name].fateOf(question, channel);
        this.#steps[name] += 1;
        const { phase, label } = question;
        const dies = this.faults?.step({ process: name, number: this.#steps[name], phase, label });
        // The process is killed while it waits for this answer.
        return dies ? new Promise<never>(() => {}) : null;
      },
    });
  }
}

function handleOf(deps: {
  readonly plan: Plan;
  readonly parts: Parts;
  readonly nats: FaultyNats;
  readonly processes: FaultyProcesses;
  readonly platform: GatewayProcess;
  readonly apiIot: GatewayProcess;
  readonly config: GatewayConfig;
  readonly log: Log;
}): GatewayHandle {
  const { plan, parts, nats, processes, platform, apiIot, config, log } = deps;
  let brokerRestarts = 0;
  const tell = (question: ProcessQuestion) =>
    apiIot.isRunning
      ? apiIot.ask(question).catch((error: unknown) => {
          log.error('run.broker_fault_failed', { error: String(error) });
        })
      : Promise.resolve();
  const faults = componentFaults(plan.partFaults ?? [], {
    clock: wallClock,
    nats: nats.faults,
    broker: {
      restart({ keepsSessions, downMs }) {
        brokerRestarts += 1;
        void tell({ type: 'stop broker', keepsSessions });
        wallClock.setTimer(downMs, () => {
          void tell({ type: 'start broker' });
          brokerRestarts -= 1;
        });
      },
    },
    gateway: processes.faults,
  });
  parts.faults = faults;
  const isStill = () => nats.isUp && brokerRestarts === 0 && !processes.isComingBack();
  return {
    platform: platform.started.platform ?? '',
    apiIot: apiIot.started.apiIot,
    mqttUrl: apiIot.started.mqtt ?? '',
    bus: 'nats',
    openBus: () =>
      openNatsBus({
        ...natsAccessOf(config),
        ...{ url: nats.url, prefix: config.natsPrefix, log: silentLog },
      }),
    crashes: () => platform.deaths + apiIot.deaths,
    components: {
      begin: faults.begin,
      end: faults.end,
      isStill,
      isPending: () => faults.isPending() || !isStill(),
      wipedEvents: nats.wipedEvents,
      refusalDelayMaxMs: () => refusalDelayMaxMs(plan, processes.awayMs()),
    },
    freeze: processes.stop,
    stop: () => closeAll([processes.stop, nats.stop]),
  };
}
