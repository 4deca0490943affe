import { Address } from '../shared/protocol/address.ts';
import { standardPrefix } from '../shared/protocol/nats-names.ts';
import { isTimeZone } from '../shared/protocol/time-zone.ts';
import { apiIotDefaults } from './api-iot/config.ts';
import { standardContradictions } from './entitlement/contradiction.ts';
import { standardAddressLimit } from './notifications/address-limit.ts';
import {
  choices,
  issuerName,
  list,
  listenHost,
  milliseconds,
  type Option,
  oneOf,
  optionalAddress,
  optionalText,
  optionalUrl,
  readHostName,
  readOptions,
  readOrigin,
  streamPrefix,
  text,
  wholeNumber,
} from './option.ts';
import { standardPurchasesMax } from './platform/purchase-admission.ts';
import { readSla } from './support/sla-text.ts';

const dayMs = 86_400_000;

export const roles = ['platform', 'engine', 'api-iot', 'broker'] as const;
export type Role = (typeof roles)[number];

export const options = {
  data: text({
    flag: 'data',
    environment: 'FLEETWAKE_DATA',
    placeholder: 'folder',
    help: 'folder for databases, secrets and the data of nats-server',
    fallback: '.fleetwake',
  }),
  roles: choices<Role>(
    {
      flag: 'roles',
      environment: 'FLEETWAKE_ROLES',
      placeholder: 'list',
      help: `roles that run in this process, comma-separated: ${roles.join(', ')}`,
      fallback: roles,
    },
    roles,
  ),
  host: listenHost({
    flag: 'host',
    environment: 'FLEETWAKE_HOST',
    placeholder: 'address',
    help: 'address to listen on; the default accepts local connections only',
    fallback: '127.0.0.1',
  }),
  port: wholeNumber(
    {
      flag: 'port',
      environment: 'FLEETWAKE_PORT',
      placeholder: 'port',
      help: 'platform API port; 0 picks a free port',
      fallback: 8080,
    },
    0,
    65_535,
  ),
  apiIotPort: wholeNumber(
    {
      flag: 'api-iot-port',
      environment: 'API_IOT_PORT',
      placeholder: 'port',
      help: 'API IoT port; 0 picks a free port',
      fallback: 8081,
    },
    0,
    65_535,
  ),
  mqttPort: wholeNumber(
    {
      flag: 'mqtt-port',
      environment: 'MQTT_PORT',
      placeholder: 'port',
      help: 'embedded broker port; 0 picks a free port',
      fallback: 1883,
    },
    0,
    65_535,
  ),
  apiIotThread: oneOf(
    {
      flag: 'api-iot-thread',
      environment: 'API_IOT_THREAD',
      placeholder: 'auto|yes|no',
      help: 'API IoT and broker run in a thread of their own beside the platform; auto: on two processors and more, where the API IoT can have no faults',
      fallback: 'auto',
    },
    ['auto', 'yes', 'no'],
  ),
  healthPort: wholeNumber(
    {
      flag: 'health-port',
      environment: 'FLEETWAKE_HEALTH_PORT',
      placeholder: 'port',
      help: 'port that answers /livez from a thread of its own, under any load; 0: none',
      fallback: 0,
    },
    0,
    65_535,
  ),
  publicUrl: optionalUrl(
    {
      flag: 'public-url',
      environment: 'FLEETWAKE_PUBLIC_URL',
      placeholder: 'url',
      help: 'public base URL of the platform: issuer of its tokens, base of callback URLs and links',
    },
    ['http://', 'https://'],
  ),
  apiIotPublicUrl: optionalUrl(
    {
      flag: 'api-iot-public-url',
      environment: 'API_IOT_PUBLIC_URL',
      placeholder: 'url',
      help: 'public base URL of the API IoT in this process: issuer and audience of its tokens',
    },
    ['http://', 'https://'],
  ),
  allowedHosts: list(
    {
      flag: 'allowed-hosts',
      environment: 'FLEETWAKE_ALLOWED_HOSTS',
      placeholder: 'list',
      help: 'additional host names accepted by the HTTP servers, comma-separated; IP addresses, localhost, names without a dot and hosts of the public URLs are always accepted',
      fallback: [],
      example: 'api.example,iot.example',
    },
    readHostName,
  ),
  allowedOrigins: list(
    {
      flag: 'allowed-origins',
      environment: 'FLEETWAKE_ALLOWED_ORIGINS',
      placeholder: 'list',
      help: 'origins whose pages may call the platform API from a browser (CORS), comma-separated, such as https://shop.example',
      fallback: [],
      example: 'https://shop.example,https://app.example',
    },
    readOrigin,
  ),
  webUrl: optionalUrl(
    {
      flag: 'web-url',
      environment: 'FLEETWAKE_WEB_URL',
      placeholder: 'url',
      help: "URL of the customers' web platform for links in notifications; default: the platform API",
    },
    ['http://', 'https://'],
  ),
  pushPrivate: oneOf(
    {
      flag: 'push-private',
      environment: 'FLEETWAKE_PUSH_PRIVATE',
      placeholder: 'yes|no',
      help: "allow push services on private and local addresses; customers' subscriptions choose the address",
      fallback: 'no',
    },
    ['yes', 'no'],
  ),
  apiIotUrl: optionalUrl(
    {
      flag: 'api-iot-url',
      environment: 'API_IOT_URL',
      placeholder: 'url',
      help: 'URL of an external API IoT; default: a stand-in runs in this process',
    },
    ['http://', 'https://'],
  ),
  apiIotAdapter: optionalText({
    flag: 'adapter',
    environment: 'API_IOT_ADAPTER',
    placeholder: 'file',
    help: 'adapter file that describes the API IoT to the engine; default: the one of the stand-in',
  }),
  apiIotClientId: text({
    flag: 'api-iot-client-id',
    environment: 'API_IOT_CLIENT_ID',
    placeholder: 'id',
    help: 'OAuth client id of the engine at the API IoT',
    fallback: 'engine',
  }),
  apiIotClientSecret: optionalText({
    flag: 'api-iot-client-secret',
    environment: 'API_IOT_CLIENT_SECRET',
    placeholder: 'secret',
    help: 'OAuth client secret of the engine at the API IoT; default: generated at the first start',
  }),
  apiIotCallbackSecret: optionalText({
    flag: 'api-iot-callback-secret',
    environment: 'API_IOT_CALLBACK_SECRET',
    placeholder: 'secret',
    help: "secret that signs the API IoT's callbacks (Standard Webhooks, whsec_…); default: generated at the first start",
  }),
  natsUrl: optionalAddress(
    {
      flag: 'nats-url',
      environment: 'NATS_URL',
      placeholder: 'url',
      help: 'URL of a NATS server with JetStream, or of the servers of a cluster, comma-separated; default: starts a nats-server',
    },
    { protocols: ['nats://', 'tls://'], hasCredentials: true, isList: true },
  ),
  natsPrefix: streamPrefix({
    flag: 'nats-prefix',
    environment: 'NATS_PREFIX',
    placeholder: 'name',
    help: 'prefix of the streams and subjects; each installation that shares a NATS needs one of its own',
    fallback: standardPrefix,
  }),
  natsReplicas: wholeNumber(
    {
      flag: 'nats-replicas',
      environment: 'NATS_REPLICAS',
      placeholder: 'count',
      help: 'replicas of each stream in a NATS cluster; 1 does not change an existing stream',
      fallback: 1,
    },
    1,
    5,
  ),
  natsMaxBytes: wholeNumber(
    {
      flag: 'nats-max-bytes',
      environment: 'NATS_MAX_BYTES',
      placeholder: 'bytes',
      help: 'size limit of each of the two streams, if the NATS account requires one; 0: no limit',
      fallback: 0,
    },
    0,
    2 ** 50,
  ),
  natsPlacementCluster: optionalText({
    flag: 'nats-placement-cluster',
    environment: 'NATS_PLACEMENT_CLUSTER',
    placeholder: 'name',
    help: 'NATS cluster that keeps the streams',
  }),
  natsPlacementTags: optionalText({
    flag: 'nats-placement-tags',
    environment: 'NATS_PLACEMENT_TAGS',
    placeholder: 'list',
    help: 'tags of the NATS servers that keep the streams, comma-separated',
  }),
  natsServer: text({
    flag: 'nats-server',
    environment: 'NATS_SERVER',
    placeholder: 'program',
    help: 'nats-server program that is started if no NATS URL is given: a name on the PATH, or a file',
    fallback: 'nats-server',
  }),
  install: oneOf(
    {
      flag: 'install',
      environment: 'FLEETWAKE_INSTALL',
      placeholder: 'yes|no',
      help: 'install nats-server with apt-get when it is missing',
      fallback: 'no',
    },
    ['yes', 'no'],
  ),
  mqttUrl: optionalAddress(
    {
      flag: 'mqtt-url',
      environment: 'MQTT_URL',
      placeholder: 'url',
      help: 'URL of an external MQTT broker (Mosquitto, EMQX); default: an embedded broker',
    },
    { protocols: ['mqtt://', 'mqtts://'], hasCredentials: true },
  ),
  mqttUsername: text({
    flag: 'mqtt-username',
    environment: 'MQTT_USERNAME',
    placeholder: 'name',
    help: 'user name of the API IoT at the broker',
    fallback: 'api-iot',
  }),
  mqttPassword: optionalText({
    flag: 'mqtt-password',
    environment: 'MQTT_PASSWORD',
    placeholder: 'password',
    help: 'password of the API IoT at the broker; default: generated at the first start',
  }),
  databaseUrl: optionalAddress(
    {
      flag: 'database-url',
      environment: 'DATABASE_URL',
      placeholder: 'url',
      help: 'PostgreSQL database of the platform; default: SQLite in the data folder',
    },
    { protocols: ['postgres://', 'postgresql://'], hasCredentials: true },
  ),
  paymentsUrl: optionalUrl(
    {
      flag: 'payments-url',
      environment: 'PAYMENTS_URL',
      placeholder: 'url',
      help: 'URL of a Stripe-compatible payment service; without it nothing can be sold',
    },
    ['http://', 'https://'],
  ),
  paymentsKey: optionalText({
    flag: 'payments-key',
    environment: 'PAYMENTS_KEY',
    placeholder: 'key',
    help: 'secret API key of the payment service',
  }),
  paymentsWebhookSecret: optionalText({
    flag: 'payments-webhook-secret',
    environment: 'PAYMENTS_WEBHOOK_SECRET',
    placeholder: 'secret',
    help: "signing secret of the payment service's webhook (whsec_…); default: generated at the first start",
  }),
  smtpUrl: optionalAddress(
    {
      flag: 'smtp-url',
      environment: 'SMTP_URL',
      placeholder: 'url',
      help: 'URL of the mail server, with user and password; without it nothing can be sold',
    },
    { protocols: ['smtp://', 'smtps://'], hasCredentials: true },
  ),
  mailFrom: {
    flag: 'mail-from',
    environment: 'MAIL_FROM',
    placeholder: 'address',
    help: 'sender of e-mails; its domain is also that of their Message-IDs',
    fallback: 'CaaS <no-reply@caas.example>',
    read: (value) =>
      senderDomain(value) === null
        ? { fault: `must be an address such as "CaaS <no-reply@example.org>", not "${value}"` }
        : { value },
  } satisfies Option<string>,
  mailCa: optionalText({
    flag: 'mail-ca',
    environment: 'MAIL_CA',
    placeholder: 'file',
    help: 'file with the certificate authority (PEM) of the mail server, if Node does not trust it',
  }),
  supportContact: text({
    flag: 'support-contact',
    environment: 'SUPPORT_CONTACT',
    placeholder: 'text',
    help: 'support contact that is printed in notifications',
    fallback: 'support@caas.example',
  }),
  pushContact: optionalUrl(
    {
      flag: 'push-contact',
      environment: 'PUSH_CONTACT',
      placeholder: 'url',
      help: 'contact for push services (VAPID, RFC 8292), such as mailto:ops@example.org',
    },
    ['mailto:', 'https://'],
  ),
  mailTimeoutMs: milliseconds(
    {
      flag: 'mail-timeout-ms',
      environment: 'MAIL_TIMEOUT_MS',
      placeholder: 'duration',
      help: 'timeout for sending one e-mail; if it is too short for the mail server, an e-mail may arrive twice',
      fallback: 30_000,
    },
    1_000,
    300_000,
  ),
  timeZone: {
    flag: 'time-zone',
    environment: 'FLEETWAKE_TIME_ZONE',
    placeholder: 'name',
    help: 'time zone in which notifications show instants to customers without one of their own (IANA)',
    fallback: 'UTC',
    read: (value) =>
      isTimeZone(value) ? { value } : { fault: `must be a time zone such as Europe/Madrid, not "${value}"` },
  } satisfies Option<string>,
  mailLimit: wholeNumber(
    {
      flag: 'mail-limit',
      environment: 'MAIL_LIMIT',
      placeholder: 'count',
      help: 'e-mails that one address receives within a day; further ones wait; 0: no limit',
      fallback: standardAddressLimit.max,
    },
    0,
    1_000_000,
  ),
  supportRoster: optionalText({
    flag: 'support-roster',
    environment: 'SUPPORT_ROSTER',
    placeholder: 'file',
    help: 'file of technicians with their shifts (JSON); default: three technicians who are always on duty',
  }),
  supportSla: {
    flag: 'support-sla',
    environment: 'SUPPORT_SLA',
    placeholder: 'times',
    help: 'times within which tickets are taken up and resolved, by priority, in min, h or d',
    fallback: 'HIGH=4h/24h,MEDIUM=8h/72h',
    read: (value) =>
      readSla(value) === null
        ? {
            fault: `must be such as HIGH=4h/24h,MEDIUM=8h/72h (taken up within/resolved within), not "${value}"`,
          }
        : { value },
  } satisfies Option<string>,
  templates: optionalText({
    flag: 'templates',
    environment: 'FLEETWAKE_TEMPLATES',
    placeholder: 'folder',
    help: 'folder with own notification templates, a folder for each language; default: the shipped templates',
  }),
  ticketWebhookUrl: optionalAddress(
    {
      flag: 'ticket-webhook-url',
      environment: 'TICKET_WEBHOOK_URL',
      placeholder: 'url',
      help: 'URL that receives every ticket event',
    },
    { protocols: ['http://', 'https://'], hasCredentials: false },
  ),
  ticketWebhookSecret: optionalText({
    flag: 'ticket-webhook-secret',
    environment: 'TICKET_WEBHOOK_SECRET',
    placeholder: 'secret',
    help: 'secret that signs ticket events (Standard Webhooks, whsec_…), or the routing key of PagerDuty',
  }),
  ticketWebhookFormat: oneOf(
    {
      flag: 'ticket-webhook-format',
      environment: 'TICKET_WEBHOOK_FORMAT',
      placeholder: 'format',
      help: 'format of ticket events: standard (Standard Webhooks) or pagerduty (Events API v2)',
      fallback: 'standard',
    },
    ['standard', 'pagerduty'],
  ),
  trustedIssuer: issuerName({
    flag: 'trusted-issuer',
    environment: 'TRUSTED_ISSUER',
    placeholder: 'url',
    help: 'issuer of an external identity provider whose access tokens are also accepted',
  }),
  trustedJwks: optionalUrl(
    {
      flag: 'trusted-jwks',
      environment: 'TRUSTED_JWKS',
      placeholder: 'url',
      help: 'URL of the public keys (JWKS) of the trusted issuer',
    },
    ['http://', 'https://'],
  ),
  tokenLeewaySeconds: wholeNumber(
    {
      flag: 'token-leeway',
      environment: 'TOKEN_LEEWAY',
      placeholder: 'seconds',
      help: 'allowed clock difference to the trusted issuer, for exp, nbf and iat',
      fallback: 30,
    },
    0,
    600,
  ),
  checkDigit: oneOf(
    {
      flag: 'check-digit',
      environment: 'FLEETWAKE_CHECK_DIGIT',
      placeholder: 'policy',
      help: 'handling of a VIN with a wrong check digit: strict (reject), warn (accept and log) or off',
      fallback: 'warn',
    },
    ['strict', 'warn', 'off'],
  ),
  catalogue: optionalText({
    flag: 'catalogue',
    environment: 'FLEETWAKE_CATALOGUE',
    placeholder: 'folder',
    help: 'folder with services.json and templates/; default: the shipped catalogue',
  }),
  quotaLimit: wholeNumber(
    {
      flag: 'quota',
      environment: 'API_IOT_QUOTA',
      placeholder: 'count',
      help: 'configure commands that the API IoT accepts per vehicle within the quota window',
      fallback: apiIotDefaults.quotaPerHour,
    },
    1,
    100_000,
  ),
  quotaWindowMs: milliseconds(
    {
      flag: 'quota-window-ms',
      environment: 'API_IOT_QUOTA_WINDOW_MS',
      placeholder: 'duration',
      help: 'length of the quota window: how long an accepted command counts',
      fallback: apiIotDefaults.quotaWindowMs,
    },
    1,
    dayMs,
  ),
  commandTimeoutMs: milliseconds(
    {
      flag: 'command-timeout-ms',
      environment: 'API_IOT_COMMAND_TIMEOUT_MS',
      placeholder: 'duration',
      help: 'command timeout: how long the API IoT waits for the result of the vehicle',
      fallback: apiIotDefaults.commandTimeoutMs,
    },
    1,
    dayMs,
  ),
  reconcileMs: milliseconds(
    {
      flag: 'reconcile-ms',
      environment: 'FLEETWAKE_RECONCILE_MS',
      placeholder: 'duration',
      help: 'interval of the reconciliation of vehicles with entitlements; 0: never',
      fallback: 3_600_000,
    },
    0,
    30 * dayMs,
  ),
  reconcileRepeats: wholeNumber(
    {
      flag: 'reconcile-repeats',
      environment: 'FLEETWAKE_RECONCILE_REPEATS',
      placeholder: 'count',
      help: 'commands of reconciliation for one feature within a day that a vehicle may confirm and contradict before a ticket is opened',
      fallback: standardContradictions.repeatMax,
    },
    1,
    1_000,
  ),
  purchasesMax: wholeNumber(
    {
      flag: 'purchases-max',
      environment: 'FLEETWAKE_PURCHASES_MAX',
      placeholder: 'count',
      help: 'purchases under way at once per process at most; fewer while they are saved slowly, and the rest is refused with 503',
      fallback: standardPurchasesMax,
    },
    1,
    10_000,
  ),
  timeScale: wholeNumber(
    {
      flag: 'time-scale',
      environment: 'FLEETWAKE_TIME_SCALE',
      placeholder: 'factor',
      help: 'factor by which every delay, timeout and window is divided',
      fallback: 1,
    },
    1,
    10_000,
  ),
  logLevel: oneOf(
    {
      flag: 'log-level',
      environment: 'FLEETWAKE_LOG_LEVEL',
      placeholder: 'level',
      help: 'log level: debug, info, warn, error or silent',
      fallback: 'warn',
    },
    ['debug', 'info', 'warn', 'error', 'silent'],
  ),
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
  return faults.length > 0 ? { faults } : { config: config as GatewayConfig };
}

/** Returns what a configuration holds that may stand in no output. */
export function secretsOf(config: GatewayConfig): string[] {
  const texts = [
    ...[config.apiIotClientSecret, config.apiIotCallbackSecret, config.mqttPassword],
    ...[config.paymentsKey, config.paymentsWebhookSecret, config.ticketWebhookSecret],
  ];
  const addresses = [config.databaseUrl, config.mqttUrl, config.smtpUrl];
  const ofNats = config.natsUrl?.reveal().split(',') ?? [];
  const passwords = [...addresses, ...ofNats.map((url) => new Address(url))].map(
    (address) => address?.credentials()?.password,
  );
  return [...texts, ...passwords].filter((secret) => typeof secret === 'string');
}

/** Returns the domain of a sender (`CaaS <no-reply@example.org>`, or the address alone); null where it has none. */
export function senderDomain(sender: string): string | null {
  return /^(?:[^<>]*<)?[^\s<>@]+@([A-Za-z0-9.-]+)>?$/.exec(sender.trim())?.[1] ?? null;
}
