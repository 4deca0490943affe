import { type GatewayConfig, readConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/live/gateway.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { cpuMs, serveParent } from './child.ts';

export type GatewayArgument = Partial<GatewayConfig>;

export interface GatewayReady {
  readonly platform: string;
  readonly apiIot: string;
  readonly mqttUrl: string;
}

/** The product's gateway as it is shipped, with its own nats-server, on free ports. */
serveParent(async (given: GatewayArgument) => {
  const read = readConfig({}, {});
  if ('faults' in read) throw new Error(read.faults.join(' '));
  const config = {
    ...read.config,
    port: 0,
    apiIotPort: 0,
    mqttPort: 0,
    logLevel: 'warn' as const,
    ...given,
  };
  const gateway = await startGateway({ config, log: jsonLog(config.logLevel) });
  if (gateway.bus !== null && gateway.bus.kind !== 'nats') throw new Error(gateway.bus.notice);
  const ready: GatewayReady = {
    platform: gateway.platform?.origin ?? '',
    apiIot: gateway.apiIotOrigin,
    mqttUrl: gateway.apiIot?.mqttUrl ?? '',
  };
  return { ready, operations: { cpuMs, stop: () => gateway.stop() } };
});
