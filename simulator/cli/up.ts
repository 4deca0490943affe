import type { Command } from 'commander';
import { type GatewayConfig, options, secretsOf } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/live/gateway.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import { Address } from '../../shared/protocol/address.ts';
import { channelGates } from '../faults/channel-gates.ts';
import { fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { testVehicles } from '../fleet/test-vehicles.ts';
import { clientsOf } from '../live/clients.ts';
import { openControl } from '../live/control-server.ts';
import { demoFleet, registrationOf } from '../live/demo-fleet.ts';
import { serviceFaults } from '../live/service-faults.ts';
import { startStandIns } from '../live/stand-ins.ts';
import { type RegistrationSummary, registeredLine, registerWithoutErased } from '../run/registration.ts';
import {
  checkOpenFiles,
  countOf,
  type FleetFlags,
  fleetWishes,
  mqttDefaultUrl,
  vehicleCount,
  withFleetOptions,
} from './fleet-options.ts';
import { gatewayConfig, refuseIdleFlags, withGatewayOptions } from './options.ts';

interface UpFlags extends FleetFlags {
  readonly mailPort: string;
  readonly json?: true;
}

/** All of the gateway's but one: the stand-in of the push service is on this machine. */
const upOptions = Object.keys(options).filter((name) => name !== 'pushPrivate') as (keyof GatewayConfig)[];

/** `fleetwake up`: everything on this machine, until a signal. */
export function addUp(program: Command): void {
  const command = program
    .command('up')
    .description('run gateway, stand-ins and a small fleet until a signal')
    .option('--mail-port <port>', 'port of the page with sent e-mails; 0 picks a free port', '8025')
    .option(
      '--no-test-vehicles',
      'leave out the test vehicles, whose VIN selects their behaviour (docs/testing-identifiers.md)',
    )
    .option('--json', 'print all addresses as one JSON line');
  withFleetOptions(command);
  withGatewayOptions(command, upOptions, {
    apiIotUrl: {
      help: 'URL of an external API IoT; the vehicles then connect to --mqtt-url, or to 127.0.0.1:1883',
    },
  }).action(async (flags: UpFlags & Record<string, unknown>) => {
    await up(flags);
  });
}

async function up(flags: UpFlags & Record<string, unknown>): Promise<void> {
  const config = gatewayConfig(flags, process.env);
  // Where the broker is elsewhere, its address is for the vehicles; and what stands in for payments and mail uses their options.
  const { mqttUrl: _, ...ofGateway } = flags;
  refuseIdleFlags(config.apiIotUrl === null ? flags : ofGateway, {
    ...config,
    paymentsUrl: config.paymentsUrl ?? 'http://127.0.0.1',
    smtpUrl: config.smtpUrl ?? new Address('smtp://127.0.0.1'),
  });
  const log = jsonLog(config.logLevel, secretsOf(config));
  const wishes = fleetWishes(flags);
  // The broker is in this process too.
  checkOpenFiles(vehicleCount(wishes), 2);
  const keys = await openKeys(config.data);
  const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const parts: { stop(): Promise<void> }[] = [];
  const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
  try {
    const control = await openControl({
      dataFolder: config.data,
      port: countOf('--control-port', flags.controlPort, 65_535),
      isOpen: flags.controlOpen === true,
      log,
    });
    parts.push(control);
    const services = serviceFaults(systemRandom);
    const channels = channelGates({ clock: wallClock, random: systemRandom }, []);
    let platformUrl: string | null = null;
    const standIns = await startStandIns({
      webhook: {
        url: () => platformUrl && `${platformUrl}/callbacks/payments`,
        secret: config.paymentsWebhookSecret ?? keys.paymentsWebhookSecret,
      },
      dataFolder: config.data,
      channels,
      // Elsewhere, the faults are in front of the engine's own requests.
      ...(config.paymentsUrl === null ? { paymentsFaults: services.payments } : {}),
      paymentsKey: config.paymentsKey ?? keys.paymentsKey,
      vapidPublicKey: publicKey,
      log,
      ports: { payments: 0, smtp: 0, push: 0, mail: countOf('--mail-port', flags.mailPort, 65_535) },
    });
    parts.push(standIns);
    const gateway = await startGateway({
      config: {
        ...config,
        // The stand-in is on this machine.
        pushPrivate: 'yes',
        paymentsUrl: config.paymentsUrl ?? standIns.paymentsUrl,
        smtpUrl: config.smtpUrl ?? standIns.smtpUrl,
      },
      log,
      ...(config.apiIotUrl === null
        ? { wrapApiIot: services.apiIot.around }
        : { disturb: services.apiIot.around }),
      ...(config.paymentsUrl === null ? {} : { disturbPayments: services.payments.around }),
    });
    parts.push(gateway);
    platformUrl = gateway.platform?.origin ?? null;
    const vehicles = await demoFleet(config.data, wishes);
    const registration = registrationOf(vehicles);
    const customers = registration.customers.map((customer) => ({
      ...customer,
      pushSubscription: standIns.pushes.subscribe(),
    }));
    const origins = { platform: gateway.platform?.origin ?? '', apiIot: gateway.apiIotOrigin };
    const clients = { ...clientsOf(keys, origins), clock: wallClock, log };
    const registered =
      gateway.platform && (await registerWithoutErased(clients, { ...registration, customers }));
    const mqttUrl = gateway.apiIot?.mqttUrl ?? String(config.mqttUrl ?? mqttDefaultUrl);
    const cars = fleet(
      { link: mqttLink({ url: mqttUrl, log }), clock: wallClock, random: systemRandom, log },
      vehicles,
    );
    parts.push(cars);
    await cars.start();
    const controlled = {
      api_iot: services.apiIot,
      payments: services.payments,
      mail: config.smtpUrl === null ? channels.mail : null,
      push: channels.push,
    };
    for (const service of Object.values(controlled)) service?.begin();
    control.begin({ cars, services: controlled, mqttUrl });
    const places = {
      platform: origins.platform,
      apiIot: origins.apiIot,
      mqtt: mqttUrl,
      payments: config.paymentsUrl ?? standIns.paymentsUrl,
      mail: standIns.mailUrl,
      push: standIns.pushUrl,
      control: control.origin,
      bus: gateway.bus?.notice ?? '',
      keys: `${config.data}/keys.json`,
    };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ event: 'up', ...places, ...vinsOf(vehicles), registered })}\n`
        : welcome(places, vehicles, registered),
    );
    await signal.promise;
    process.stderr.write('stopping gracefully: finishing work in progress (a second signal stops at once)\n');
  } finally {
    for (const part of parts.reverse()) await part.stop();
    signal.dispose();
  }
}

const isTestVehicle = ({ vin }: VehicleSpec) => testVehicles.some((test) => test.vin === vin);

function vinsOf(vehicles: readonly VehicleSpec[]) {
  return {
    vehicles: vehicles.filter((spec) => !isTestVehicle(spec)).map(({ vin }) => vin),
    testVehicles: vehicles.filter(isTestVehicle).map(({ vin }) => vin),
  };
}

function welcome(
  places: Record<string, string>,
  vehicles: readonly VehicleSpec[],
  registered: RegistrationSummary | null,
): string {
  const drawn = vehicles.filter((spec) => !isTestVehicle(spec));
  const lines = [
    'Fleetwake is up. Ctrl-C stops it.',
    '',
    `  platform API   ${places.platform}   (docs: ${places.platform}/docs)`,
    `  API IoT        ${places.apiIot}   (docs: ${places.apiIot}/docs)`,
    `  MQTT           ${places.mqtt}`,
    `  sent mail      ${places.mail}`,
    `  payments       ${places.payments}/ledger   (send the paymentsKey of the secrets: curl -H "Authorization: Bearer KEY")`,
    `  faults         ${places.control}   (fleetwake fault add|list|remove|clear)`,
    `  bus            ${places.bus}`,
    `  secrets        ${places.keys} (client "developer": developerSecret)`,
    '',
    'vehicles:',
    ...drawn
      .slice(0, 10)
      .map(
        ({ vin, model }, index) => `  ${vin}  ${model.id}  customer-${String(index + 1).padStart(4, '0')}`,
      ),
    ...(drawn.length > 10 ? [`  … and ${drawn.length - 10} more`] : []),
    ...(drawn.length < vehicles.length
      ? ['  and the test vehicles, whose VIN selects their behaviour: docs/testing-identifiers.md']
      : []),
    ...(registered === null ? [] : ['', registeredLine(registered)]),
    '',
  ];
  return `${lines.join('\n')}\n`;
}
