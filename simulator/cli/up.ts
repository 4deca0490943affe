import type { Command } from 'commander';
import { type GatewayConfig, options, secretsOf } from '../../gateway/config.ts';
import type { Role } from '../../gateway/options/process-options.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import type { Log } from '../../shared/ports/log.ts';
import { Address, givenText } from '../../shared/protocol/address.ts';
import { type Console, openConsole } from '../live/console-server.ts';
import { openControlKeys } from '../live/control-server.ts';
import { engineSettings, writeEngineSettings } from '../live/engine-settings.ts';
import { type LocalSystem, startLocalSystem } from '../live/local-system.ts';
import { openOwnFleet } from '../live/own-fleet.ts';
import { shippedModels } from '../models/models-folder.ts';
import { registeredLine } from '../run/registration.ts';
import {
  type ConsoleFlags,
  consolePort,
  consolePortFlag,
  consoleRuns,
  linkNote,
  openWhenAsked,
  refuseWithoutConsole,
  withConsoleOptions,
} from './console-options.ts';
import { UsageError } from './exit.ts';
import { fleetNatsLine, fleetNatsView, refuseIdleNatsFlags } from './fleet-nats-text.ts';
import {
  checkOpenFiles,
  type FleetFlags,
  fleetOfFlags,
  telemetryMsOf,
  vehicleCount,
  withFleetOptions,
} from './fleet-options.ts';
import { fleetLines, fleetMembers } from './fleet-output.ts';
import {
  type LineProxyFlags,
  lineProxyOf,
  lineProxyPlace,
  withLineProxyOptions,
} from './line-proxy-options.ts';
import { checkCatalogue } from './models-option.ts';
import { gatewayConfig, refuseIdleFlags, withGatewayOptions } from './options.ts';
import { fixedStandInPorts, standInPorts } from './stand-in-ports.ts';
import { countOf } from './whole-number.ts';

interface UpFlags extends FleetFlags, ConsoleFlags, LineProxyFlags {
  readonly without?: string;
  readonly paymentsPort?: string;
  readonly smtpPort?: string;
  readonly pushPort?: string;
  readonly mailPort: string;
  readonly json?: true;
}

/** All of the gateway's but one: the stand-in of the push service is on this machine. */
const upOptions = Object.keys(options).filter((name) => name !== 'pushPrivate') as (keyof GatewayConfig)[];

/** `fleetwake up`: everything on this machine, or everything around an engine of the user's own, until a signal. */
export function addUp(program: Command): void {
  const command = program
    .command('up')
    .description('run gateway, stand-ins and a small fleet until a signal')
    .option(
      '--without <parts>',
      'leave out platform,engine: an engine of your own uses API IoT, broker, stand-ins and vehicles (docs/own-engine.md)',
    )
    .option('--mail-port <port>', 'port of the page with sent e-mails; 0 picks a free port', '8025');
  for (const name of ['payments', 'smtp', 'push'] as const) {
    const port = fixedStandInPorts[name];
    const service = { payments: 'payment service', smtp: 'mail server', push: 'push service' }[name];
    command.option(`--${name}-port <port>`, `${service} port (default: a free port; ${port} with --without)`);
  }
  command
    .option(
      '--no-test-vehicles',
      'leave out the test vehicles, whose VIN selects their behaviour (docs/testing-identifiers.md)',
    )
    .option('--json', 'print all addresses as one JSON line');
  withConsoleOptions(command, 0).option('--no-console', 'run without the console');
  withFleetOptions(command);
  withLineProxyOptions(command);
  withGatewayOptions(command, upOptions, {
    apiIotUrl: {
      help: 'URL of an external API IoT; the vehicles then connect to --mqtt-url, or to 127.0.0.1:1883',
    },
  }).action(async (flags: UpFlags & Record<string, unknown>) => {
    await up(flags);
  });
}

async function up(flags: UpFlags & Record<string, unknown>): Promise<void> {
  const config = withoutParts(gatewayConfig(flags, process.env), flags);
  // Where the broker is elsewhere, its address is for the vehicles; and what stands in for payments and mail uses their options.
  const { mqttUrl: _, ...ofGateway } = flags;
  refuseIdleFlags(refuseIdleNatsFlags(config.apiIotUrl === null ? flags : ofGateway, config), {
    ...config,
    paymentsUrl: config.paymentsUrl ?? 'http://127.0.0.1',
    smtpUrl: config.smtpUrl ?? new Address('smtp://127.0.0.1'),
  });
  refuseWithoutConsole(flags);
  const log = jsonLog(config.logLevel, secretsOf(config));
  const chosen = fleetOfFlags(flags);
  const telemetryMs = telemetryMsOf(flags);
  // An engine of the user's own sells what it likes.
  if (flags.without === undefined) checkCatalogue(config.catalogue, chosen.models ?? shippedModels());
  // The broker is in this process too.
  checkOpenFiles(vehicleCount(chosen), 2);
  const ports = portsOf(flags);
  consolePort(flags);
  let vehicleList = '';
  const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
  try {
    const system = await startLocalSystem({
      ...{ config, log, ports, isControlOpen: flags.controlOpen === true },
      lineProxy: lineProxyOf(flags, chosen.models),
      fleet: async () => {
        const own = await openOwnFleet(config.data, chosen);
        vehicleList = own.list;
        return own;
      },
      fleetOptions: { telemetryMs },
      ...{ program: 'fleetwake up', takesOver: flags.takeOver === true },
      kept: { isFresh: flags.fresh === true },
      fleetNats: { hasTelemetry: flags.telemetryNats === true },
      say: (line) => process.stderr.write(`${line}\n`),
    });
    let served: Console | null = null;
    try {
      if (flags.console !== false) served = await consoleOf(config, system, flags, log);
      const login = served?.loginLink(system.keys.developerSecret) ?? null;
      const settings =
        flags.without === undefined
          ? null
          : await writeEngineSettings(config.data, engineSettings(config, system));
      const places = { ...placesOf(config, system, settings), vehicleList };
      const shown = served === null || login === null ? null : { origin: served.origin, login };
      process.stdout.write(
        flags.json === true
          ? upLine(places, system, shown)
          : welcome(places, system, settings !== null, shown),
      );
      if (login !== null) await openWhenAsked(flags, login);
      await signal.promise;
      process.stderr.write(
        'stopping gracefully: finishing work in progress (a second signal stops at once)\n',
      );
    } finally {
      await served?.stop();
      await system.stop();
    }
  } finally {
    signal.dispose();
  }
}

/** The configuration without the roles that an engine of the user's own takes. Both go together: a platform without engine activates nothing. */
function withoutParts(config: GatewayConfig, { without }: UpFlags): GatewayConfig {
  if (without === undefined) return config;
  const names = without.split(',').map((name) => name.trim());
  if (names.toSorted((a, b) => a.localeCompare(b)).join() !== 'engine,platform') {
    throw new UsageError(`--without must be platform,engine, not ${givenText(without)}`);
  }
  if (config.apiIotUrl !== null) {
    throw new UsageError(
      '--without platform,engine has no effect together with --api-iot-url (API_IOT_URL), because no part of a gateway is left to run; leave one of them out',
    );
  }
  return { ...config, roles: config.roles.filter((role: Role) => !names.includes(role)) };
}

function portsOf(flags: UpFlags) {
  return {
    ...standInPorts(flags, flags.without === undefined ? 'free' : 'fixed'),
    control: countOf('--control-port', flags.controlPort, 65_535),
  };
}

/** The console of a system; null where its platform is elsewhere. */
async function consoleOf(
  config: GatewayConfig,
  { gateway, control }: LocalSystem,
  flags: ConsoleFlags,
  log: Log,
): Promise<Console | null> {
  if (gateway.platform === null) return null;
  return openConsole({
    ...{ port: consolePort(flags), flag: consolePortFlag, log, timeScale: config.timeScale },
    virtualRuns: consoleRuns(flags, config.data),
    origins: { platform: gateway.platform.origin, apiIot: gateway.apiIotOrigin },
    control: { origin: control.origin, secret: (await openControlKeys(config.data)).secret },
  });
}

interface ShownConsole {
  readonly origin: string;
  readonly login: string;
}

/** Where everything is reached. */
function placesOf(
  config: GatewayConfig,
  { gateway, standIns, control, mqttUrl, lineProxy }: LocalSystem,
  settingsFile: string | null,
): Record<string, string> {
  return {
    ...(settingsFile === null ? { platform: gateway.platform?.origin ?? '' } : {}),
    apiIot: gateway.apiIotOrigin,
    mqtt: mqttUrl,
    payments: config.paymentsUrl ?? standIns.paymentsUrl,
    ...(settingsFile === null ? {} : { smtp: String(standIns.smtpUrl) }),
    mail: standIns.mailUrl,
    push: standIns.pushUrl,
    control: control.origin,
    ...lineProxyPlace(lineProxy),
    ...(settingsFile === null ? { bus: gateway.bus?.notice ?? '' } : { settings: settingsFile }),
    keys: `${config.data}/keys.json`,
  };
}

/** What is printed as JSON once all runs. */
function upLine(
  places: Record<string, string>,
  { vehicles, registered, fleetNats }: LocalSystem,
  shown: ShownConsole | null,
): string {
  const nats = fleetNatsView(fleetNats);
  const ofConsole = shown === null ? {} : { console: shown.origin, consoleLogin: shown.login };
  return `${JSON.stringify({ event: 'up', ...places, nats, ...ofConsole, ...fleetMembers(vehicles), registered })}\n`;
}

function welcome(
  places: Record<string, string>,
  { vehicles, registered, fleetNats }: LocalSystem,
  isEngineElsewhere: boolean,
  shown: ShownConsole | null,
): string {
  const engine = [
    `  settings       ${places.settings}   (addresses, credentials and the callback secret of your engine: docs/own-engine.md)`,
  ];
  const gateway = [
    `  bus            ${places.bus}`,
    `  secrets        ${places.keys} (client "developer": developerSecret)`,
  ];
  const lines = [
    'Fleetwake is up. Ctrl-C stops it.',
    '',
    ...(shown === null ? [] : [`  console        ${shown.login}   ${linkNote}`]),
    ...(isEngineElsewhere ? [] : [`  platform API   ${places.platform}   (docs: ${places.platform}/docs)`]),
    `  API IoT        ${places.apiIot}   (docs: ${places.apiIot}/docs)`,
    `  MQTT           ${places.mqtt}`,
    ...(!('lineProxy' in places)
      ? []
      : [`  line proxy     ${places.lineProxy}   (connect vehicles of your own here: docs/faults.md)`]),
    ...(isEngineElsewhere ? [`  mail server    ${places.smtp}`] : []),
    `  sent mail      ${places.mail}`,
    ...(isEngineElsewhere ? [`  push service   ${places.push}`] : []),
    `  payments       ${places.payments}/ledger   (send the paymentsKey of the secrets: curl -H "Authorization: Bearer KEY")`,
    `  faults         ${places.control}   (fleetwake fault add|list|remove|clear)`,
    `  NATS           ${fleetNatsLine(fleetNats)}`,
    ...(isEngineElsewhere ? engine : gateway),
    '',
    ...fleetLines(vehicles, `${places.vehicleList}`, !isEngineElsewhere),
    ...(registered === null ? [] : ['', registeredLine(registered)]),
    '',
  ];
  return `${lines.join('\n')}\n`;
}
