import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { natsServerUrl } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import type { GatewayHandle, Launch } from '../../simulator/live/gateway-handle.ts';
import { type GatewayProcess, gatewayProcess as start } from '../../simulator/live/gateway-process.ts';

export const program = 'dist/command/main.js';

/** `fleetwake gateway` in a process of its own, as an operator runs it. The configuration names the ports. */
export function gatewayProcess(config: GatewayConfig): Promise<GatewayProcess> {
  return start({ config, command: [program, 'gateway'] });
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
