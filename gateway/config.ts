import { apiIotDefaults } from './api-iot/config.ts';
import {
  choices,
  issuerName,
  list,
  listenHost,
  type Option,
  oneOf,
  optionalAddress,
  optionalText,
  optionalUrl,
  readHostName,
  readOptions,
  readOrigin,
  text,
  wholeNumber,
} from './option.ts';

const dayMs = 86_400_000;

export const roles = ['platform', 'engine', 'api-iot', 'broker'] as const;
export type Role = (typeof roles)[number];

export const options = {
  data: text({
    flag: 'data',
    environment: 'FLEETWAKE_DATA',
    placeholder: 'folder',
    help: 'where databases, secrets and the data of nats-server live',
    fallback: '.fleetwake',
  }),
  roles: choices<Role>(
    {
      flag: 'roles',
      environment: 'FLEETWAKE_ROLES',
      placeholder: 'list',
      help: `which parts run in this process, comma-separated: ${roles.join(', ')}`,
      fallback: roles,
    },
    roles,
  ),
  host: listenHost({
    flag: 'host',
    environment: 'FLEETWAKE_HOST',
    placeholder: 'address',
    help: 'the address to listen on; nothing listens beyond loopback unless this says so',
    fallback: '127.0.0.1',
  }),
  port: wholeNumber(
    {
      flag: 'port',
      environment: 'FLEETWAKE_PORT',
      placeholder: 'port',
      help: 'of the platform API; 0 takes a free one',
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
      help: 'of the API IoT; 0 takes a free one',
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
      help: 'of the embedded broker; 0 takes a free one',
      fallback: 1883,
    },
    0,
    65_535,
  ),
  publicUrl: optionalUrl(
    {
      flag: 'public-url',
      environment: 'FLEETWAKE_PUBLIC_URL',
      placeholder: 'url',
      help: 'how clients and the API IoT reach the platform: issuer of its tokens, base of callback URLs and of links',
    },
    ['http://', 'https://'],
  ),
  apiIotPublicUrl: optionalUrl(
    {
      flag: 'api-iot-public-url',
      environment: 'API_IOT_PUBLIC_URL',
      placeholder: 'url',
      help: 'how clients reach the API IoT that runs here: issuer and audience of its tokens',
    },
    ['http://', 'https://'],
  ),
  allowedHosts: list(
    {
      flag: 'allowed-hosts',
      environment: 'FLEETWAKE_ALLOWED_HOSTS',
      placeholder: 'list',
      help: 'further host names under which the HTTP servers answer, comma-separated; addresses, localhost, names without a dot and those of the public URLs always count',
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
      help: "the customers' web platform, for the links in notices; without it they lead to the platform API",
    },
    ['http://', 'https://'],
  ),
  pushPrivate: oneOf(
    {
      flag: 'push-private',
      environment: 'FLEETWAKE_PUSH_PRIVATE',
      placeholder: 'yes|no',
      help: "push to services on this machine and its network too; a customer's subscription says where",
      fallback: 'no',
    },
    ['yes', 'no'],
  ),
  apiIotUrl: optionalUrl(
    {
      flag: 'api-iot-url',
      environment: 'API_IOT_URL',
      placeholder: 'url',
      help: 'an API IoT elsewhere; without it the stand-in runs here',
    },
    ['http://', 'https://'],
  ),
  apiIotClientId: text({
    flag: 'api-iot-client-id',
    environment: 'API_IOT_CLIENT_ID',
    placeholder: 'id',
    help: 'the service account at the API IoT',
    fallback: 'engine',
  }),
  apiIotClientSecret: optionalText({
    flag: 'api-iot-client-secret',
    environment: 'API_IOT_CLIENT_SECRET',
    placeholder: 'secret',
    help: 'its secret; without it the one made at first start',
  }),
  apiIotCallbackSecret: optionalText({
    flag: 'api-iot-callback-secret',
    environment: 'API_IOT_CALLBACK_SECRET',
    placeholder: 'secret',
    help: "what signs the API IoT's callbacks (Standard Webhooks, whsec_…); without it the one made at first start",
  }),
  natsUrl: optionalAddress(
    {
      flag: 'nats-url',
      environment: 'NATS_URL',
      placeholder: 'url',
      help: 'a NATS server with JetStream, or the servers of a cluster separated by commas; without it one is started',
    },
    { protocols: ['nats://', 'tls://'], hasCredentials: true, isList: true },
  ),
  natsReplicas: wholeNumber(
    {
      flag: 'nats-replicas',
      environment: 'NATS_REPLICAS',
      placeholder: 'count',
      help: 'copies of each stream in a NATS cluster; 1 leaves a stream that exists as it is',
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
      help: 'limit of each of the two streams, where the NATS account requires one; 0: no limit',
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
    help: 'what is started without a NATS URL: a name on the PATH, or a file',
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
      help: 'an MQTT broker elsewhere (Mosquitto, EMQX); without it one is embedded',
    },
    { protocols: ['mqtt://', 'mqtts://'], hasCredentials: true },
  ),
  mqttUsername: text({
    flag: 'mqtt-username',
    environment: 'MQTT_USERNAME',
    placeholder: 'name',
    help: "the API IoT's account at the broker",
    fallback: 'api-iot',
  }),
  mqttPassword: optionalText({
    flag: 'mqtt-password',
    environment: 'MQTT_PASSWORD',
    placeholder: 'password',
    help: 'its password; without it the one made at first start',
  }),
  databaseUrl: optionalAddress(
    {
      flag: 'database-url',
      environment: 'DATABASE_URL',
      placeholder: 'url',
      help: 'PostgreSQL for the platform; without it SQLite in the data folder',
    },
    { protocols: ['postgres://', 'postgresql://'], hasCredentials: true },
  ),
  paymentsUrl: optionalUrl(
    {
      flag: 'payments-url',
      environment: 'PAYMENTS_URL',
      placeholder: 'url',
      help: 'a Stripe-compatible payment service',
    },
    ['http://', 'https://'],
  ),
  paymentsKey: optionalText({
    flag: 'payments-key',
    environment: 'PAYMENTS_KEY',
    placeholder: 'key',
    help: 'its secret API key',
  }),
  smtpUrl: optionalAddress(
    {
      flag: 'smtp-url',
      environment: 'SMTP_URL',
      placeholder: 'url',
      help: 'the mail server, with user and password in the URL',
    },
    { protocols: ['smtp://', 'smtps://'], hasCredentials: true },
  ),
  mailFrom: {
    flag: 'mail-from',
    environment: 'MAIL_FROM',
    placeholder: 'address',
    help: 'the sender of notices; its domain is that of their Message-IDs',
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
    help: "certificate authority (PEM) of the mail server's certificate, for one that Node does not know",
  }),
  supportContact: text({
    flag: 'support-contact',
    environment: 'SUPPORT_CONTACT',
    placeholder: 'text',
    help: 'where customers reach support; printed in notices as it is',
    fallback: 'support@caas.example',
  }),
  pushContact: optionalUrl(
    {
      flag: 'push-contact',
      environment: 'PUSH_CONTACT',
      placeholder: 'url',
      help: 'whom a push service may complain to (VAPID, RFC 8292), such as mailto:ops@example.org',
    },
    ['mailto:', 'https://'],
  ),
  mailTimeoutMs: wholeNumber(
    {
      flag: 'mail-timeout-ms',
      environment: 'MAIL_TIMEOUT_MS',
      placeholder: 'ms',
      help: 'how long the mail server may take for one mail; what is given up while it is still being taken goes out twice',
      fallback: 30_000,
    },
    1_000,
    300_000,
  ),
  supportRoster: optionalText({
    flag: 'support-roster',
    environment: 'SUPPORT_ROSTER',
    placeholder: 'file',
    help: 'technicians with their shifts (JSON); without it three who are always on duty',
  }),
  ticketWebhookUrl: optionalAddress(
    {
      flag: 'ticket-webhook-url',
      environment: 'TICKET_WEBHOOK_URL',
      placeholder: 'url',
      help: 'who is told of every ticket event',
    },
    { protocols: ['http://', 'https://'], hasCredentials: false },
  ),
  ticketWebhookSecret: optionalText({
    flag: 'ticket-webhook-secret',
    environment: 'TICKET_WEBHOOK_SECRET',
    placeholder: 'secret',
    help: 'what signs them (Standard Webhooks, whsec_…), or the routing key of PagerDuty',
  }),
  ticketWebhookFormat: oneOf(
    {
      flag: 'ticket-webhook-format',
      environment: 'TICKET_WEBHOOK_FORMAT',
      placeholder: 'format',
      help: 'standard (Standard Webhooks) or pagerduty (Events API v2)',
      fallback: 'standard',
    },
    ['standard', 'pagerduty'],
  ),
  trustedIssuer: issuerName({
    flag: 'trusted-issuer',
    environment: 'TRUSTED_ISSUER',
    placeholder: 'url',
    help: 'an outside issuer whose access tokens are accepted beside our own',
  }),
  trustedJwks: optionalUrl(
    {
      flag: 'trusted-jwks',
      environment: 'TRUSTED_JWKS',
      placeholder: 'url',
      help: 'where its public keys are (JWKS)',
    },
    ['http://', 'https://'],
  ),
  tokenLeewaySeconds: wholeNumber(
    {
      flag: 'token-leeway',
      environment: 'TOKEN_LEEWAY',
      placeholder: 'seconds',
      help: "how much the outside issuer's clock may differ from ours: allowed for exp, nbf and iat",
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
      help: 'what happens to a VIN with a wrong check digit: strict, warn or off',
      fallback: 'warn',
    },
    ['strict', 'warn', 'off'],
  ),
  catalogue: optionalText({
    flag: 'catalogue',
    environment: 'FLEETWAKE_CATALOGUE',
    placeholder: 'folder',
    help: 'services.json and templates/; without it the shipped catalogue',
  }),
  quotaLimit: wholeNumber(
    {
      flag: 'quota',
      environment: 'API_IOT_QUOTA',
      placeholder: 'count',
      help: 'configure commands that the API IoT accepts for a vehicle within the quota window',
      fallback: apiIotDefaults.quotaPerHour,
    },
    1,
    100_000,
  ),
  quotaWindowMs: wholeNumber(
    {
      flag: 'quota-window-ms',
      environment: 'API_IOT_QUOTA_WINDOW_MS',
      placeholder: 'ms',
      help: 'how long an accepted command counts',
      fallback: apiIotDefaults.quotaWindowMs,
    },
    1,
    dayMs,
  ),
  commandTimeoutMs: wholeNumber(
    {
      flag: 'command-timeout-ms',
      environment: 'API_IOT_COMMAND_TIMEOUT_MS',
      placeholder: 'ms',
      help: 'how long the API IoT waits for the vehicle before a command times out',
      fallback: apiIotDefaults.commandTimeoutMs,
    },
    1,
    dayMs,
  ),
  reconcileMs: wholeNumber(
    {
      flag: 'reconcile-ms',
      environment: 'FLEETWAKE_RECONCILE_MS',
      placeholder: 'ms',
      help: 'how often each vehicle is compared with what its customers own; 0: never',
      fallback: 3_600_000,
    },
    0,
    30 * dayMs,
  ),
  timeScale: wholeNumber(
    {
      flag: 'time-scale',
      environment: 'FLEETWAKE_TIME_SCALE',
      placeholder: 'factor',
      help: 'divides every delay, time-out and window by this',
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
      help: 'debug, info, warn, error or silent',
      fallback: 'warn',
    },
    ['debug', 'info', 'warn', 'error', 'silent'],
  ),
} satisfies Record<string, Option<unknown> | Option<string>>;

type OptionTable = typeof options;
export type GatewayConfig = { readonly [Name in keyof OptionTable]: OptionTable[Name]['fallback'] };

/** The configuration, or every fault in one list of sentences that name the flag and the cure. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly config: GatewayConfig } | { readonly faults: string[] } {
  const { values: config, faults } = readOptions(options, flags, environment);
  if ((config.trustedIssuer === null) !== (config.trustedJwks === null)) {
    faults.push('--trusted-issuer and --trusted-jwks go together: an issuer is trusted by its keys');
  }
  const { ticketWebhookUrl, ticketWebhookSecret, ticketWebhookFormat } = config;
  if ((ticketWebhookUrl === null) !== (ticketWebhookSecret === null)) {
    faults.push('--ticket-webhook-url and --ticket-webhook-secret go together: what is sent is signed');
  }
  const isSigned = ticketWebhookFormat === 'standard' && typeof ticketWebhookSecret === 'string';
  if (isSigned && !/^whsec_[A-Za-z0-9+/]{32,}=*$/.test(ticketWebhookSecret)) {
    faults.push(
      '--ticket-webhook-secret (TICKET_WEBHOOK_SECRET) must be whsec_ and at least 24 bytes in base64',
    );
  }
  return faults.length > 0 ? { faults } : { config: config as GatewayConfig };
}

/** Returns the domain of a sender (`CaaS <no-reply@example.org>`, or the address alone); null where it has none. */
export function senderDomain(sender: string): string | null {
  return /^(?:[^<>]*<)?[^\s<>@]+@([A-Za-z0-9.-]+)>?$/.exec(sender.trim())?.[1] ?? null;
}
