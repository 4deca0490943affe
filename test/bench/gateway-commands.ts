import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { commandResultSchema, vehicleStatusSchema } from '../../shared/protocol/device-messages.ts';
import { type Clients, clientsOf } from '../../simulator/live/clients.ts';
import { until } from '../helpers/until.ts';

/** A shipped command that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly line: Readonly<Record<string, unknown>>;
  readonly startMs: number;
  residentMb(): number;
}

/** Commands that are sent at once. */
const sendMax = 32;

/** A gateway, and what the bench starts beside it. */
export interface Gateway {
  start(data: string, ...parameters: string[]): Promise<Running>;
  /** Serves the console of this gateway and of a fleet with this data folder. Resolves with its address. */
  startConsole(data: string, fleet: Running): Promise<string>;
  /** Secret of the client `developer`. */
  readonly developerSecret: string;
  /** Runs a fleet to its end. Resolves with its exit code. */
  end(data: string, ...parameters: string[]): Promise<number | null>;
  /** Resolves once each of these vehicles has applied a command. */
  apply(vins: readonly string[]): Promise<void>;
  /** How often a vehicle was reported as offline. */
  offline(): number;
  /** Resolves once so many vehicles have reported. */
  settled(vehicles: number): Promise<void>;
}

/** Starts the gateway in a process of its own (after `npm run build`), and ends every process that was started beside it. */
export async function withGateway<T>(folder: string, work: (gateway: Gateway) => Promise<T>): Promise<T> {
  const processes: ChildProcess[] = [];
  const run = (parameters: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [resolve('dist/command/main.js'), ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(child);
    return child;
  };
  mkdirSync(folder, { recursive: true });
  try {
    const data = join(folder, 'gateway');
    const ports = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
    const { line } = await started(
      run(['gateway', '--data', data, '--roles', 'platform,api-iot,broker', ...ports]),
    );
    const origins = { platform: String(line.platform), apiIot: String(line.apiIot) };
    const keys = await openKeys(data);
    const monitor = await openMonitor(String(line.mqtt), keys);
    const placesOf = (own: string) => [
      ...['--platform-url', origins.platform, '--api-iot-url', origins.apiIot, '--data', own],
    ];
    const call = (name: string, parameters: readonly string[]) => {
      const own = join(folder, name);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      copyFileSync(join(data, 'keys.json'), join(own, 'keys.json'));
      const more = ['--mqtt-url', String(line.mqtt), '--control-port', '0'];
      return ['fleet', ...placesOf(own), ...more, ...parameters];
    };
    try {
      return await work({
        start: (name, ...parameters) => started(run(call(name, parameters))),
        async end(name, ...parameters) {
          const child = run(call(name, parameters));
          await once(child, 'exit');
          return child.exitCode;
        },
        async startConsole(name, fleet) {
          const control = ['--control-url', String(fleet.line.control)];
          const places = placesOf(join(folder, name));
          const served = await started(
            run(['console', '--json', ...places, ...control, '--console-port', '0']),
          );
          return String(served.line.console);
        },
        developerSecret: keys.developerSecret,
        apply: (vins) => applyAll(vins, clientsOf(keys, origins), monitor),
        offline: monitor.offline,
        settled: monitor.settled,
      });
    } finally {
      await monitor.close();
    }
  } finally {
    for (const child of processes.reverse()) child.kill('SIGKILL');
  }
}

/** Resolves with the line that the command prints once it runs. */
async function started(child: ChildProcess): Promise<Running> {
  const beganAt = performance.now();
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until(() => text.endsWith('\n') || child.exitCode !== null, 'the command runs', 900_000);
  if (child.exitCode !== null) throw new Error(`the command ended with ${child.exitCode}`);
  return {
    process: child,
    line: JSON.parse(text) as Running['line'],
    startMs: Math.round(performance.now() - beganAt),
    residentMb() {
      const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kb) / 1_024;
    },
  };
}

export async function stopped(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

type Monitor = Awaited<ReturnType<typeof openMonitor>>;

/** Counts what vehicles publish. */
async function openMonitor(url: string, { brokerMonitorPassword: password }: Keys) {
  const applied = new Set<string>();
  const reported = new Set<string>();
  let offline = 0;
  let up = () => {};
  const connected = new Promise<void>((done) => {
    up = done;
  });
  const connection = mqttLink({ url, log: silentLog }).open({
    ...{ clientId: 'monitor', username: 'monitor', password, cleanSession: true, keepAliveSeconds: 60 },
    onConnect: () => up(),
    onMessage({ topic, payload, retain }) {
      if (retain) return;
      if (topic.endsWith('/evt/status')) {
        if (!vehicleStatusSchema.parse(JSON.parse(payload)).online) offline += 1;
        reported.add(topic);
      } else {
        const { vin, results } = commandResultSchema.parse(JSON.parse(payload));
        if (results.every(({ outcome }) => outcome === 'applied')) applied.add(vin);
      }
    },
  });
  await connected;
  await connection.subscribe(['vehicles/+/evt/status', 'vehicles/+/evt/result']);
  return {
    applied,
    offline: () => offline,
    settled: (vehicles: number) => until(() => reported.size >= vehicles, 'every vehicle has reported'),
    close: () => connection.close(),
  };
}

async function applyAll(vins: readonly string[], { apiIot }: Clients, { applied }: Monitor): Promise<void> {
  const rest = vins.values();
  const features = [{ feature: 'heated_seats', target: 'active', parameters: { levels: 2 } }];
  const sender = async () => {
    for (const vin of rest) {
      const path = `/vehicle/${vin}/configure`;
      const send = () => apiIot.send('POST', path, { reference: 'bench', features }, `bench-${vin}`);
      // A busy machine may not answer in time; the same key is the same command.
      const { status } = await send().catch(send).catch(send);
      if (status !== 202) throw new Error(`${path} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: sendMax }, sender));
  await until(() => vins.every((vin) => applied.has(vin)), 'every command was applied', 900_000);
}
