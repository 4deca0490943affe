import { type ChildProcess, spawn } from 'node:child_process';
import { type GatewayConfig, options } from '../../gateway/config.ts';
import { Address } from '../../shared/protocol/address.ts';
import { type ProcessChannel, processChannel } from './process-channel.ts';

/** Longer than a busy machine needs. */
const startMaxMs = 120_000;
const outputMax = 1_000_000;

/** What a gateway says on standard output once it listens. */
interface Started {
  readonly platform: string | null;
  readonly apiIot: string;
  readonly mqtt: string | null;
}

/** A gateway in a process of its own. Started again it has the same configuration and data. */
export interface GatewayProcess {
  readonly started: Started;
  readonly pid: number;
  /** False from its end until it is started again. */
  readonly isRunning: boolean;
  /** How often it ended in another way than politely. */
  readonly deaths: number;
  /** Its whole output. */
  output(): string;
  /** As a power cut, also while it starts: resolves when it is gone. Nothing that it asks is answered from now on. */
  kill(): Promise<void>;
  /** Resolves when it listens; rejects when it ended before. */
  start(): Promise<void>;
  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when it is gone, with its exit code (null: ended by a signal). */
  ended(): Promise<number | null>;
  /** Ends it politely if it runs. */
  stop(): Promise<void>;
  /** Asks the process that runs now. */
  ask(question: object): Promise<unknown>;
}

export interface GatewayProcessOptions {
  /** Names the ports, so that they are the same after a restart. */
  readonly config: GatewayConfig;
  /** The program and its parameters: `dist/command/main.js`, `gateway`. */
  readonly command: readonly string[];
  /** Answers what the process asks; without it there is no channel to it. */
  readonly answer?: (question: unknown, channel: ProcessChannel) => Promise<unknown>;
  /** Called with what it writes to standard error. */
  readonly onError?: (text: string) => void;
}

/** The configuration as the environment says it, so that no secret stands on a command line. */
export function environmentOf(config: GatewayConfig): Record<string, string> {
  const environment: Record<string, string> = { PATH: process.env.PATH ?? '' };
  for (const [name, value] of Object.entries(process.env))
    if (name.startsWith('OTEL_') && value !== undefined) environment[name] = value;
  for (const [name, option] of Object.entries(options)) {
    const value = config[name as keyof GatewayConfig];
    if (value !== null)
      environment[option.environment] = value instanceof Address ? value.reveal() : String(value);
  }
  return environment;
}

interface Running {
  readonly child: ChildProcess;
  /** Set by a kill: what it had asked before that is not passed on, for its end has been decided. */
  isKilled: boolean;
  readonly channel: ProcessChannel | null;
  /** Resolves with its first line; rejects when it ended before. */
  readonly started: Promise<Started>;
  readonly ended: Promise<number | null>;
}

/** Starts the process and resolves when it listens. */
export async function gatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  let output = '';
  let deaths = 0;
  let isRunning: boolean = false;

  function launch(): Running {
    const running = spawned(options, (text) => {
      output = (output + text).slice(-outputMax);
    });
    isRunning = true;
    void running.ended.then((code) => {
      isRunning = false;
      if (code !== 0) deaths += 1;
    });
    return running;
  }

  let running = launch();
  let started = await running.started;
  return {
    get started() {
      return started;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    get isRunning() {
      return isRunning;
    },
    get deaths() {
      return deaths;
    },
    output: () => output,
    async kill() {
      running.isKilled = true;
      running.child.kill('SIGKILL');
      await running.ended;
    },
    async start() {
      running = launch();
      started = await running.started;
    },
    signal: (name) => void running.child.kill(name),
    ended: () => running.ended,
    async stop() {
      running.child.kill('SIGTERM');
      await running.ended;
    },
    async ask(question) {
      if (running.channel === null) throw new Error('the gateway process has no channel');
      return running.channel.ask(question);
    },
  };
}

function spawned(
  { config, command, answer, onError = () => {} }: GatewayProcessOptions,
  onOutput: (text: string) => void,
): Running {
  const child = spawn(process.execPath, [...command], {
    env: environmentOf(config),
    stdio: ['ignore', 'pipe', 'pipe', ...(answer ? (['ipc'] as const) : [])],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let own = '';
  const take = (chunk: Buffer) => {
    own = (own + chunk.toString()).slice(-outputMax);
    onOutput(chunk.toString());
  };
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      process.removeListener('exit', killWithUs);
      resolve(code);
    });
  });
  const started = new Promise<Started>((resolve, reject) => {
    const timer = setTimeout(killWithUs, startMaxMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      take(chunk);
      const [line] = /^\{"event":"gateway\.started".*\}$/m.exec(own) ?? [];
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as Started);
    });
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`the gateway did not start: ${own.trim()}`));
    });
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    take(chunk);
    onError(chunk.toString());
  });
  // The caller that waits for `started` handles the rejection.
  started.catch(() => {});
  const running = { child, isKilled: false, started, ended };
  const channel: ProcessChannel | null = answer
    ? processChannel(child, (question) =>
        running.isKilled ? new Promise(() => {}) : answer(question, channel as ProcessChannel),
      )
    : null;
  return Object.assign(running, { channel });
}
