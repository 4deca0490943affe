import type { Clock } from '../../shared/ports/clock.ts';
import type { VirtualNetwork } from '../../shared/virtual/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';

export type GatewayProcessName = 'platform' | 'api_iot';

/** What both services of the gateway have in common. */
export interface GatewayService {
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

export interface Life {
  readonly origin: string;
  boot(process: VirtualProcess): Promise<GatewayService>;
}

/** Between two tries of a process that cannot start yet. */
const bootAgainMs = 1_000;

/** The processes of the gateway: they start, die at once, and come back on what their databases hold. */
export function gatewayProcesses(
  loop: VirtualLoop,
  network: VirtualNetwork,
  clock: Clock,
  lives: Readonly<Record<GatewayProcessName, Life>>,
) {
  let crashes = 0;

  async function start(name: GatewayProcessName): Promise<void> {
    const process = loop.process(name);
    const { origin, boot } = lives[name];
    const service = await boot(process);
    network.listen(origin, { process, handle: service.fetch });
  }

  function comeBack(name: GatewayProcessName): void {
    start(name).catch(() => {
      loop.kill(name);
      clock.setTimer(bootAgainMs, () => comeBack(name));
    });
  }

  return {
    start,
    /** Dies now and is started again `downMs` later. One that is dead already stays so for as long as it was to. */
    crash(name: GatewayProcessName, downMs: number): void {
      if (!loop.kill(name)) return;
      crashes += 1;
      clock.setTimer(downMs, () => comeBack(name));
    },
    crashes: () => crashes,
  };
}
