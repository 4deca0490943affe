import { type Option, readOptions } from './option.ts';
import { neighbourOptions } from './options/neighbour-options.ts';
import { paymentAndMailOptions } from './options/payment-and-mail-options.ts';
import { policyOptions } from './options/policy-options.ts';
import { linkSecretsOf, processOptions } from './options/process-options.ts';
import { supportOptions } from './options/support-options.ts';
import { readTraceSettings } from './options/trace-settings.ts';

/** Every option of the gateway, in the order of its help. */
export const options = {
  ...processOptions,
  ...neighbourOptions,
  ...paymentAndMailOptions,
  ...supportOptions,
  ...policyOptions,
} satisfies Record<string, Option<unknown> | Option<string>>;

type OptionTable = typeof options;
export type GatewayConfig = { readonly [Name in keyof OptionTable]: OptionTable[Name]['fallback'] };

/** Returns the configuration, or a list of errors, each of which names the flag and the fix. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly config: GatewayConfig } | { readonly faults: string[] } {
  const { values: config, faults } = readOptions(options, flags, environment);
  if ((config.trustedIssuer === null) !== (config.trustedJwks === null)) {
    faults.push('--trusted-issuer and --trusted-jwks must be given together');
  }
  const { ticketWebhookUrl, ticketWebhookSecret, ticketWebhookFormat } = config;
  if ((ticketWebhookUrl === null) !== (ticketWebhookSecret === null)) {
    faults.push(
      '--ticket-webhook-url and --ticket-webhook-secret must be given together: every ticket event is signed',
    );
  }
  const isSigned = ticketWebhookFormat === 'standard' && typeof ticketWebhookSecret === 'string';
  if (isSigned && !/^whsec_[A-Za-z0-9+/]{32,}=*$/.test(ticketWebhookSecret)) {
    faults.push(
      '--ticket-webhook-secret (TICKET_WEBHOOK_SECRET) must be whsec_ and at least 24 bytes in base64',
    );
  }
  const { apiIotCallbackSecret } = config;
  if (
    typeof apiIotCallbackSecret === 'string' &&
    !/^(whsec_)?[A-Za-z0-9+/]{32,}=*$/.test(apiIotCallbackSecret)
  ) {
    faults.push(
      '--api-iot-callback-secret (API_IOT_CALLBACK_SECRET) must be whsec_ and at least 24 bytes in base64',
    );
  }
  faults.push(...natsAccessFaults(config as GatewayConfig));
  const traces = readTraceSettings(environment);
  if ('faults' in traces) faults.push(...traces.faults);
  return faults.length > 0 ? { faults } : { config: config as GatewayConfig };
}

/** What belongs together, and the ways to be let in of which there can be one. */
function natsAccessFaults(config: GatewayConfig): string[] {
  const { natsUser, natsPassword, natsCredentials, natsNkey, natsCertificate, natsKey } = config;
  const faults: string[] = [];
  if ((natsUser === null) !== (natsPassword === null))
    faults.push('--nats-user and --nats-password must be given together');
  if ((natsCertificate === null) !== (natsKey === null))
    faults.push('--nats-cert and --nats-key must be given together');
  if ([natsUser, natsCredentials, natsNkey].filter((way) => way !== null).length > 1)
    faults.push('--nats-user, --nats-creds and --nats-nkey exclude each other: give one of them');
  return faults;
}

/** Returns what a configuration holds that may stand in no output. */
export function secretsOf(config: GatewayConfig): string[] {
  const texts = [
    ...[config.apiIotClientSecret, config.apiIotCallbackSecret, config.mqttPassword],
    config.natsPassword,
    ...(linkSecretsOf(config.linkSecret) ?? []),
    ...[config.paymentsKey, config.paymentsWebhookSecret, config.ticketWebhookSecret],
  ];
  const databases = [config.databaseUrl, config.apiIotDatabaseUrl];
  const addresses = [...databases, config.mqttUrl, config.smtpUrl, config.natsUrl];
  const others = [config.ticketWebhookUrl, config.trustedJwks];
  const inAddresses = [...addresses, ...others].flatMap((address) => address?.secrets() ?? []);
  return [...texts, ...inAddresses].filter((secret) => typeof secret === 'string');
}
