import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type GatewayConfig, options } from '../../gateway/config.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { natsServerUrl } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { GatewayHandle, Launch } from '../../simulator/live/gateway-handle.ts';

const program = 'dist/simulator/cli/main.js';
const startMaxMs = 120_000;

/** What a gateway says on standard output once it listens. */
interface Started {
  readonly platform: string | null;
  readonly apiIot: string;
  readonly mqtt: string | null;
}

/** `fleetwake gateway` in a process of its own, as an operator runs it; started again it has the same data. */
export interface GatewayProcess {
  readonly started: Started;
  readonly pid: number;
  /** How often it ended in another way than politely. */
  readonly deaths: number;
  /** Its whole output. */
  output(): string;
  /** As a power cut: resolves when it is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when it is gone, with its exit code (null: ended by a signal). */
  ended(): Promise<number | null>;
  /** Ends it politely if it runs. */
  stop(): Promise<void>;
}

/** The configuration as the environment says it, so that no secret stands on a command line. */
function environmentOf(config: GatewayConfig): Record<string, string> {
  const environment: Record<string, string> = { PATH: process.env.PATH ?? '' };
  for (const [name, option] of Object.entries(options)) {
    const value = config[name as keyof GatewayConfig];
    if (value !== null)
      environment[option.environment] = value instanceof Address ? value.reveal() : String(value);
  }
  return environment;
}

/** The configuration names the ports, so that they are the same after a restart. */
export async function gatewayProcess(config: GatewayConfig): Promise<GatewayProcess> {
  let output = '';
  let deaths = 0;
  let running = await launched();

  async function launched() {
    const child = spawn(process.execPath, [program, 'gateway'], {
      env: environmentOf(config),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    const ended = once(child, 'exit').then(([code]) => {
      process.removeListener('exit', killWithUs);
      if (code !== 0) deaths += 1;
      return code as number | null;
    });
    let own = '';
    const take = (chunk: Buffer) => {
      own += chunk.toString();
      output = (output + chunk.toString()).slice(-1_000_000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const line = () => /^\{"event":"gateway\.started".*\}$/m.exec(own)?.[0];
    const deadlineAt = performance.now() + startMaxMs;
    while (line() === undefined) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadlineAt) {
        child.kill('SIGKILL');
        throw new Error(`the gateway did not start: ${own}`);
      }
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }
    const started = JSON.parse(line() ?? '') as Started;
    return { child, ended, started };
  }

  return {
    get started() {
      return running.started;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    get deaths() {
      return deaths;
    },
    output: () => output,
    async kill() {
      running.child.kill('SIGKILL');
      await running.ended;
    },
    async start() {
      running = await launched();
    },
    signal: (name) => void running.child.kill(name),
    ended: () => running.ended,
    async stop() {
      running.child.kill('SIGTERM');
      await running.ended;
    },
  };
}

/** One process with every role; `onStarted` gets it, to kill it with. */
export function launchProcess(onStarted: (gateway: GatewayProcess) => unknown): Launch {
  return async ({ config }) => {
    const gateway = await gatewayProcess(config);
    onStarted(gateway);
    return handleOf(config, { platform: gateway, apiIot: gateway });
  };
}

/** The platform and its engine in one process, the API IoT and its broker in another; they share the data folder's secrets. */
export function launchApart(
  onStarted: (gateways: { platform: GatewayProcess; apiIot: GatewayProcess }) => unknown,
): Launch {
  return async ({ config }) => {
    const apiIot = await gatewayProcess({ ...config, roles: ['api-iot', 'broker'] });
    const platform = await gatewayProcess({
      ...config,
      roles: ['platform', 'engine'],
      apiIotUrl: apiIot.started.apiIot,
    }).catch(async (error: unknown) => {
      await apiIot.stop();
      throw error;
    });
    onStarted({ platform, apiIot });
    return handleOf(config, { platform, apiIot });
  };
}

interface Parts {
  readonly platform: GatewayProcess;
  readonly apiIot: GatewayProcess;
  /** Stopped first. */
  readonly others?: readonly { readonly deaths: number; stop(): Promise<void> }[];
}

/** A gateway of several processes that share a data folder, as a run knows it. */
export function handleOf(config: GatewayConfig, { platform, apiIot, others = [] }: Parts): GatewayHandle {
  const processes = [...new Set([...others, platform, apiIot])];
  return {
    platform: platform.started.platform ?? '',
    apiIot: apiIot.started.apiIot,
    mqttUrl: apiIot.started.mqtt ?? '',
    bus: 'nats',
    openBus: async () =>
      openNatsBus({
        prefix: config.natsPrefix,
        url: config.natsUrl?.reveal() ?? (await natsServerUrl(join(config.data, 'nats'))),
        log: silentLog,
      }),
    crashes: () => processes.reduce((sum, one) => sum + one.deaths, 0),
    async stop() {
      for (const one of processes) await one.stop();
    },
  };
}
