import type { Registry } from 'prom-client';
import type { LogFields } from '../../shared/ports/log.ts';
import type { VirtualNetwork } from '../../shared/virtual/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';

export const gatewayProcessNames = ['platform', 'api_iot'] as const;
export type GatewayProcessName = (typeof gatewayProcessNames)[number];

/** What both services of the gateway have in common. */
export interface GatewayService {
  fetch(request: Request): Promise<Response>;
  /** Ends what would keep a server from closing. */
  drain?(): void;
  /** What `GET /metrics` answers. */
  readonly metrics?: Pick<Registry, 'metrics'>;
  stop(): Promise<void>;
}

export interface GatewayProgram {
  readonly origin: string;
  /** Of its process in the loop; without it, that of the program. */
  readonly processName?: string;
  /** What the clock of its process is ahead. */
  readonly skewMs?: number;
  boot(process: VirtualProcess): Promise<GatewayService>;
}

export interface GatewayProcessesDeps {
  readonly loop: VirtualLoop;
  readonly network: VirtualNetwork;
  /** An engine of the user's own takes the place of the platform. */
  readonly programs: Readonly<Partial<Record<GatewayProcessName, GatewayProgram>>>;
  /** Receives what happens to a process: `crash`, `stops`, `stopped`, `comes back`, `boot failed`. */
  readonly onEvent?: (event: string, fields: LogFields) => void;
}

interface Running {
  readonly process: VirtualProcess;
  readonly service: GatewayService;
  readonly unlisten: () => void;
}

/** Between two tries of a process that cannot start yet. */
const bootAgainMs = 1_000;

/** The processes of the gateway: they start, stop as on a signal, are killed, and start again on what their databases hold. */
export function gatewayProcesses(deps: GatewayProcessesDeps) {
  const { loop, network, programs, onEvent = () => {} } = deps;
  const clock = loop.clock('network');
  const running = new Map<GatewayProcessName, Running>();
  /** Processes that are down, or on their way down or up again. */
  const away = new Set<GatewayProcessName>();
  let crashes = 0;
  const processNameOf = (name: GatewayProcessName) => programs[name]?.processName ?? name;

  async function start(name: GatewayProcessName): Promise<void> {
    const program = programs[name];
    if (program === undefined) throw new Error(`this system has no process ${name}`);
    const { origin, skewMs = 0, boot } = program;
    const process = loop.process(processNameOf(name), skewMs);
    away.add(name);
    try {
      const service = await boot(process);
      const unlisten = network.listen(origin, { process, handle: service.fetch });
      running.set(name, { process, service, unlisten });
      away.delete(name);
    } catch (error) {
      onEvent('boot failed', { name: processNameOf(name), error: String(error) });
      process.kill();
      await new Promise<void>((resolve) => void clock.setTimer(bootAgainMs, resolve));
      await start(name);
    }
  }

  function startIn(name: GatewayProcessName, downMs: number): void {
    away.add(name);
    clock.setTimer(downMs, () => {
      onEvent('comes back', { process: processNameOf(name) });
      void start(name);
    });
  }

  return {
    /** Resolves when the process answers; one that cannot start yet is tried again. */
    start,
    /** Kills the process now and starts it `downMs` later. Returns false when it is dead already: then it stays so for as long as it was to. */
    crash(name: GatewayProcessName, downMs: number, fields: LogFields = {}): boolean {
      running.delete(name);
      if (!loop.kill(processNameOf(name))) return false;
      crashes += 1;
      onEvent('crash', { process: processNameOf(name), ...fields });
      startIn(name, downMs);
      return true;
    },
    /** Stops the process as a signal does: it takes no new request, finishes what is under way, ends, and starts again `downMs` later, where its stop fails too: then this rejects. */
    async restart(name: GatewayProcessName, downMs: number): Promise<void> {
      const known = running.get(name);
      if (!known?.process.isAlive) return;
      running.delete(name);
      away.add(name);
      onEvent('stops', { process: processNameOf(name) });
      known.unlisten();
      try {
        known.service.drain?.();
        await known.service.stop();
      } finally {
        // A stop that fails ends the process too.
        onEvent('stopped', { process: processNameOf(name) });
        known.process.kill();
        startIn(name, downMs);
      }
    },
    /** Reads the metrics of a process where they are, without a request; null: it is down, or has none. */
    metricsOf: (name: GatewayProcessName) => running.get(name)?.service.metrics?.metrics() ?? null,
    isComingBack: () => away.size > 0,
    crashes: () => crashes,
    processNameOf,
  };
}
