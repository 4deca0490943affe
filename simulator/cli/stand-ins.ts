import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { secretsOf } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { closeAll } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import type { ServiceFaults } from '../control/fault-desk.ts';
import { channelGates } from '../faults/channel-gates.ts';
import { openControl } from '../live/control-server.ts';
import { environmentText } from '../live/engine-settings.ts';
import { serviceFaults } from '../live/service-faults.ts';
import {
  type StandInDeps,
  startMailServer,
  startPaymentsServer,
  startPushServer,
} from '../live/stand-in-servers.ts';
import { type AddressFlags, addressOf, withAddress } from './addresses.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { countOf } from './whole-number.ts';

interface Flags extends AddressFlags {
  readonly payments?: true;
  readonly mail?: true;
  readonly push?: true;
  readonly paymentsPort: string;
  readonly smtpPort: string;
  readonly mailPort: string;
  readonly pushPort: string;
  readonly controlPort?: string;
  readonly json?: true;
}

/** What runs: where it is reached, and the settings with which a gateway uses it. */
interface Started {
  readonly places: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** `fleetwake stand-ins`: payment service, mail server and push service for gateways in other processes. */
export function addStandIns(program: Command): void {
  const command = program
    .command('stand-ins')
    .description(
      'run the stand-ins for payment service, mail server and push service alone, or those that are named, until a signal',
    )
    .option('--payments', 'run the payment service')
    .option('--mail', 'run the mail server and the page with sent e-mails')
    .option('--push', 'run the push service')
    .option('--payments-port <port>', 'payment service port; 0 picks a free port', '8082')
    .option('--smtp-port <port>', 'mail server port; 0 picks a free port', '1025')
    .option('--mail-port <port>', 'port of the page with sent e-mails; 0 picks a free port', '8025')
    .option('--push-port <port>', 'push service port; 0 picks a free port', '8083')
    .option(
      '--control-port <port>',
      'port of the control API for faults of these services; 0 picks a free port (default: no control API)',
    )
    .option('--json', 'print all addresses as one JSON line');
  withAddress(command, 'platformUrl');
  withGatewayOptions(command, ['data', 'paymentsKey', 'paymentsWebhookSecret', 'logLevel']).action(
    async (flags: Flags & Record<string, unknown>) => {
      const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
      try {
        await runUntil(signal.promise, flags);
      } finally {
        signal.dispose();
      }
    },
  );
}

async function runUntil(end: Promise<unknown>, flags: Flags & Record<string, unknown>): Promise<void> {
  const config = gatewayConfig(flags, process.env);
  const file = join(config.data, 'stand-ins.env');
  const started: Started[] = [];
  try {
    for (const start of await startsOf(flags, config)) started.push(await start());
    const places = Object.assign({}, ...started.map((part) => part.places)) as Record<string, string>;
    const environment = Object.assign({}, ...started.map((part) => part.environment));
    await writeFile(file, environmentText(environment), { mode: 0o600 });
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ event: 'stand-ins.started', ...places, environment: file })}\n`
        : `stand-ins: ${Object.entries(places)
            .map(([name, place]) => `${name} ${place}`)
            .join(', ')}; settings for the gateway in ${file}\n`,
    );
    await end;
  } finally {
    await rm(file, { force: true });
    await closeAll(started.reverse().map((part) => () => part.close()));
  }
}

/** Returns how to start each stand-in that is named, or all three when none is. */
async function startsOf(
  flags: Flags,
  config: ReturnType<typeof gatewayConfig>,
): Promise<(() => Promise<Started>)[]> {
  const keys = await openKeys(config.data);
  const apiKey = config.paymentsKey ?? keys.paymentsKey;
  const { publicKey: vapidPublicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const platformUrl = addressOf('platformUrl', flags);
  const webhook = {
    url: () => `${platformUrl}/callbacks/payments`,
    secret: config.paymentsWebhookSecret ?? keys.paymentsWebhookSecret,
  };
  const faults = {
    ...serviceFaults(systemRandom),
    channels: channelGates({ clock: wallClock, random: systemRandom }, []),
  };
  const deps: StandInDeps = {
    dataFolder: config.data,
    log: jsonLog(config.logLevel, secretsOf(config)),
    paymentsFaults: faults.payments,
    channels: faults.channels,
  };
  const port = (flag: string, text: string) => countOf(flag, text, 65_535);
  const [payments, smtp, page, push] = [
    port('--payments-port', flags.paymentsPort),
    port('--smtp-port', flags.smtpPort),
    port('--mail-port', flags.mailPort),
    port('--push-port', flags.pushPort),
  ];
  const isAll = !flags.payments && !flags.mail && !flags.push;
  return [
    ...(flags.controlPort === undefined
      ? []
      : [
          () =>
            controlOf(deps, port('--control-port', flags.controlPort ?? ''), {
              api_iot: null,
              payments: isAll || flags.payments ? faults.payments : null,
              platform: null,
              mail: isAll || flags.mail ? faults.channels.mail : null,
              push: isAll || flags.push ? faults.channels.push : null,
            }),
        ]),
    ...(isAll || flags.payments ? [() => paymentsOf(deps, payments, { apiKey, webhook })] : []),
    ...(isAll || flags.mail ? [() => mailOf(deps, { smtp, page })] : []),
    ...(isAll || flags.push ? [() => pushOf(deps, push, vapidPublicKey)] : []),
  ];
}

async function controlOf(
  { dataFolder, log }: StandInDeps,
  port: number,
  services: ServiceFaults,
): Promise<Started> {
  const control = await openControl({ dataFolder, port, log });
  for (const service of Object.values(services)) service?.begin();
  control.begin({ cars: null, services, mqttUrl: '' });
  return { places: { control: control.origin }, environment: {}, close: () => control.stop() };
}

async function paymentsOf(
  deps: StandInDeps,
  port: number,
  settings: { readonly apiKey: string; readonly webhook: { url: () => string; secret: string } },
): Promise<Started> {
  const { apiKey } = settings;
  const { url, close } = await startPaymentsServer(deps, { port, ...settings });
  return { places: { payments: url }, environment: { PAYMENTS_URL: url, PAYMENTS_KEY: apiKey }, close };
}

async function mailOf(deps: StandInDeps, ports: { smtp: number; page: number }): Promise<Started> {
  const { smtpUrl, pageUrl, close } = await startMailServer(deps, ports);
  return {
    places: { smtp: String(smtpUrl), mail: pageUrl },
    environment: { SMTP_URL: smtpUrl.reveal() },
    close,
  };
}

/** The push service is on this machine, where a gateway sends nothing unless it is allowed. */
async function pushOf(deps: StandInDeps, port: number, vapidPublicKey: string): Promise<Started> {
  const { url, close } = await startPushServer(deps, { port, vapidPublicKey });
  return { places: { push: url }, environment: { FLEETWAKE_PUSH_PRIVATE: 'yes' }, close };
}
