import { jsonLog } from '../shared/live/log.ts';
import { firstSignal } from '../shared/live/signals.ts';
import { type GatewayConfig, secretsOf } from './config.ts';
import { type Gateway, type GatewayOptions, startGateway } from './live/gateway.ts';
import { missingServices } from './live/missing-services.ts';

/** Runs the gateway until a signal: the first drains, the second cuts. Says on standard output, as one JSON line, where it listens. */
export async function runGateway(
  config: GatewayConfig,
  {
    places = {},
    onStarted = () => {},
    ...hooks
  }: Omit<GatewayOptions, 'config' | 'log'> & {
    /** What else listens in this process, for the line. */
    readonly places?: Readonly<Record<string, string>>;
    /** Receives the gateway before the line is written. */
    readonly onStarted?: (gateway: Gateway) => void;
  } = {},
): Promise<void> {
  const log = jsonLog(config.logLevel, secretsOf(config));
  const gateway = await startGateway({ config, log, ...hooks });
  onStarted(gateway);
  const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
  const { apiIot, platform, apiIotOrigin, bus } = gateway;
  const listening = {
    event: 'gateway.started',
    platform: platform?.origin ?? null,
    apiIot: apiIotOrigin,
    mqtt: apiIot?.mqttUrl ?? null,
    bus: bus?.notice ?? null,
    ...places,
    cannotSell: platform === null ? [] : missingServices(config),
  };
  process.stdout.write(`${JSON.stringify(listening)}\n`);
  await signal.promise;
  await gateway.stop();
  signal.dispose();
}
