import { type GatewayConfig, readConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/live/gateway.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import { apiIotThread } from '../../simulator/live/api-iot-thread.ts';
import { cpuMs, serveParent } from './child.ts';

/** Sent from another process, so the mail server is a text. */
export type GatewayArgument = Partial<Omit<GatewayConfig, 'smtpUrl'>> & { readonly smtpUrl?: string };

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
    smtpUrl: given.smtpUrl === undefined ? null : new Address(given.smtpUrl),
  };
  const gateway = await startGateway({
    config,
    log: jsonLog(config.logLevel),
    startApiIot: apiIotThread(config, { hasFaults: false }),
  });
  if (gateway.bus !== null && gateway.bus.kind !== 'nats') throw new Error(gateway.bus.notice);
  const ready: GatewayReady = {
    platform: gateway.platform?.origin ?? '',
    apiIot: gateway.apiIotOrigin,
    mqttUrl: gateway.apiIot?.mqttUrl ?? '',
  };
  return { ready, operations: { cpuMs, stop: () => gateway.stop() } };
});
