import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayConfig, readConfig } from '../../gateway/config.ts';
import type { Role } from '../../gateway/options/process-options.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { readFault } from '../control/read-fault.ts';
import { type EngineSettings, engineSettings } from '../live/engine-settings.ts';
import { type LocalSystem, startLocalSystem } from '../live/local-system.ts';
import { openOwnFleet } from '../live/own-fleet.ts';
import { type SystemEvidence, systemEvidence } from '../live/system-evidence.ts';

export interface FleetwakeOptions {
  /** 0 takes free ports; `fixed` those of `fleetwake up --without platform,engine`. Default 0. */
  readonly ports?: 0 | 'fixed';
  /** What an engine of your own takes: `['platform', 'engine']`, or nothing. Default nothing. */
  readonly without?: readonly Role[];
  /** How many vehicles; default 1. */
  readonly vehicles?: number;
  /** Decides models and VINs; default 1. */
  readonly seed?: number;
  /** Data folder; default a temporary one that `stop` removes. */
  readonly data?: string;
}

export interface RunningFleetwake {
  /** `platform` is null where an engine of your own runs. */
  readonly urls: Readonly<Record<'apiIot' | 'mqtt' | 'payments' | 'mail' | 'push' | 'control', string>> & {
    readonly platform: string | null;
  };
  /** What an engine needs, by the names of `engine.env`: `API_IOT_URL`, `API_IOT_CLIENT_SECRET`, `PAYMENTS_KEY` … */
  readonly settings: EngineSettings;
  readonly vehicles: readonly { readonly vin: string; readonly model: string }[];
  /** Adds a fault, as docs/faults.md writes it. Throws with the mistakes of one that cannot be. */
  fault(record: unknown): { readonly id: string; struck(): number; remove(): void };
  /** What payments, API IoT, wire, mailboxes and vehicles show so far. */
  evidence(): Promise<SystemEvidence>;
  stop(): Promise<void>;
}

const fixedPorts = { payments: 8082, smtp: 1025, mail: 8025, push: 8083, control: 8474 };
const freePorts = { payments: 0, smtp: 0, mail: 0, push: 0, control: 0 };

/** Starts Fleetwake in this process, or what an engine of your own needs around it. */
export async function startFleetwake(options: FleetwakeOptions = {}): Promise<RunningFleetwake> {
  const { ports = 0, vehicles = 1, seed = 1, data } = options;
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'fleetwake-')));
  const removeFolder = async () => {
    if (data === undefined) await rm(folder, { recursive: true, force: true });
  };
  const config = configOf(options, folder);
  try {
    const system = await startLocalSystem({
      config,
      log: silentLog,
      ports: ports === 'fixed' ? fixedPorts : freePorts,
      fleet: () =>
        openOwnFleet(folder, {
          ...{ first: 1, count: vehicles, seed, connectivity: 'steady', hasTestVehicles: false },
        }),
      program: 'the testing kit',
      isMessageLogKept: true,
    });
    return runningOf(config, system, removeFolder);
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

function configOf({ ports = 0, without = [] }: FleetwakeOptions, data: string): GatewayConfig {
  const names = [...without].sort((a, b) => a.localeCompare(b)).join();
  if (names !== '' && names !== 'engine,platform') {
    throw new Error(`without must be ['platform', 'engine'] or [], not [${without.join(', ')}]`);
  }
  const reading = readConfig({}, {});
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  const { config } = reading;
  const free = ports === 0 ? { port: 0, apiIotPort: 0, mqttPort: 0 } : {};
  return {
    ...config,
    ...free,
    apiIotThread: 'no',
    data,
    roles: config.roles.filter((role) => !without.includes(role)),
  };
}

function runningOf(
  config: GatewayConfig,
  system: LocalSystem,
  removeFolder: () => Promise<void>,
): RunningFleetwake {
  const { gateway, standIns, control, desk, vehicles, mqttUrl } = system;
  return {
    urls: {
      platform: gateway.platform?.origin ?? null,
      apiIot: gateway.apiIotOrigin,
      mqtt: mqttUrl,
      payments: standIns.paymentsUrl,
      mail: standIns.mailUrl,
      push: standIns.pushUrl,
      control: control.origin,
    },
    settings: engineSettings(config, system),
    vehicles: vehicles.map(({ vin, model }) => ({ vin, model: model.id })),
    fault(record) {
      const reading = readFault(record);
      if (!reading.ok) throw new Error(reading.mistakes.join('; '));
      const placing = desk.add(reading.record);
      if (!placing.ok) throw new Error(placing.reason);
      const { id } = placing.fault;
      return {
        id,
        struck: () => desk.find(id)?.struck ?? 0,
        remove: () => void desk.remove(id),
      };
    },
    evidence: () => systemEvidence(system),
    async stop() {
      await system.stop();
      await removeFolder();
    },
  };
}
