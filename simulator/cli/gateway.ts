import type { Command } from 'commander';
import { type GatewayConfig, secretsOf } from '../../gateway/config.ts';
import { runGateway } from '../../gateway/main.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { reachableHost } from '../../shared/protocol/url-host.ts';
import { apiIotThread } from '../live/api-iot-thread.ts';
import { openControl } from '../live/control-server.ts';
import { startLineProxy } from '../live/line-proxy.ts';
import { serviceFaults } from '../live/service-faults.ts';
import { UsageError } from './exit.ts';
import {
  type LineProxyFlags,
  lineProxyOf,
  lineProxyPlace,
  withLineProxyOptions,
} from './line-proxy-options.ts';
import {
  checkCatalogue,
  type ModelsFlags,
  modelsOf,
  whyModelsHaveNoEffect,
  withCatalogueModelsOption,
} from './models-option.ts';
import { gatewayConfig, refuseIdleFlags, withGatewayOptions } from './options.ts';
import { countOf } from './whole-number.ts';

interface Flags extends LineProxyFlags, ModelsFlags, Record<string, unknown> {
  readonly controlPort?: string;
}

/** `fleetwake gateway`: the gateway alone, as an operator runs it; with `--control-port` its API IoT can have faults. */
export function addGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description(
      'run the gateway without vehicles: platform, engine, API IoT and broker, or some of them with --roles',
    )
    .option(
      '--control-port <port>',
      'for tests: port of the control API for faults of the API IoT and the platform; 0 picks a free port (default: no control API)',
    );
  withCatalogueModelsOption(command);
  withLineProxyOptions(command);
  withGatewayOptions(command).action(async (flags: Flags) => {
    const config = gatewayConfig(flags, process.env);
    refuseIdleFlags(flags, config);
    checkModels(config, flags.models);
    const lineProxy = lineProxyOf(flags);
    if (flags.controlPort === undefined) {
      if (lineProxy !== null)
        throw new UsageError(
          '--line-proxy needs --control-port, where its faults are added; give one, such as --control-port 8474',
        );
      return runGateway(config, { startApiIot: apiIotThread(config, { hasFaults: false }) });
    }
    const port = countOf('--control-port', flags.controlPort, 65_535);
    await runWithFaults(config, port, lineProxy);
  });
}

/** Checks the catalogue against the models of `--models`; without them a gateway accepts every service that has a template. */
function checkModels(config: GatewayConfig, folder: string | undefined): void {
  if (folder === undefined) return;
  const idle = whyModelsHaveNoEffect(config);
  if (idle !== null) throw new UsageError(`--models ${idle}`);
  checkCatalogue(config.catalogue, modelsOf(folder));
}

async function runWithFaults(
  config: GatewayConfig,
  port: number,
  asked: ReturnType<typeof lineProxyOf>,
): Promise<void> {
  if (config.apiIotUrl !== null || !config.roles.includes('api-iot')) {
    throw new UsageError(
      '--control-port has no effect, because the API IoT runs elsewhere; give it to the process with the role api-iot',
    );
  }
  const log = jsonLog(config.logLevel, secretsOf(config));
  const { apiIot, platform } = serviceFaults(systemRandom);
  if (asked !== null && config.mqttUrl === null && config.mqttPort === 0) {
    throw new UsageError('--line-proxy needs a port of the broker that is known: give one with --mqtt-port');
  }
  const control = await openControl({ dataFolder: config.data, port, log });
  const parts: { stop(): Promise<void> }[] = [control];
  try {
    for (const service of [apiIot, platform]) service.begin();
    const hasPlatform = config.roles.includes('platform');
    const services = {
      api_iot: apiIot,
      payments: null,
      platform: hasPlatform ? platform : null,
      mail: null,
      push: null,
    };
    const mqttUrl = brokerUrlOf(config);
    const lineProxy = asked && (await startLineProxy({ ...asked, brokerUrl: mqttUrl, log }));
    if (lineProxy) parts.push(lineProxy);
    control.begin({ cars: null, services, mqttUrl, lineProxy });
    await runGateway(config, {
      startApiIot: apiIotThread(config, { hasFaults: true }),
      wrapApiIot: apiIot.around,
      wrapPlatform: platform.around,
      places: {
        control: control.origin,
        ...lineProxyPlace(lineProxy),
      },
    });
  } finally {
    for (const part of parts.reverse()) await part.stop();
  }
}

/** Where the vehicles' broker listens: this process's own, or the one of --mqtt-url. */
function brokerUrlOf({ mqttUrl, mqttPort, host }: GatewayConfig): string {
  return mqttUrl === null ? `mqtt://${reachableHost(host)}:${mqttPort}` : String(mqttUrl);
}
