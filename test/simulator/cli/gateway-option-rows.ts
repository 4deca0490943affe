import { type GatewayConfig, options } from '../../../gateway/config.ts';
import { Address } from '../../../shared/protocol/address.ts';

/** What one option of the gateway takes, gives and refuses. */
export interface Row {
  /** A text that is not the default, and what it gives. */
  readonly text: string;
  readonly value: unknown;
  /** A text that is refused, and the end of the sentence; null where any text can be one. */
  readonly bad: readonly [text: string, sentence: string] | null;
  /** Options that must come with it. */
  readonly with?: Readonly<Record<string, string>>;
}

const url = (text: string, protocols: string): Row => ({
  text,
  value: text,
  bad: ['nonsense', `must be a URL that starts with ${protocols}, not "nonsense"`],
});
const web = (text: string) => url(text, 'http:// or https://');
const number = (text: string, least: number, most: number): Row => ({
  text,
  value: Number(text),
  bad: ['1e1', `must be a whole number from ${least} to ${most}, not "1e1"`],
});
const duration = (text: string, least: string, most: string): Row => ({
  text,
  value: Number(text),
  bad: [
    '5 minutes',
    `must be a duration from ${least} to ${most}, such as 30s or "45 min", or as many milliseconds, not "5 minutes"`,
  ],
});
const name = (text: string): Row => ({ text, value: text, bad: [' ', 'must not be empty'] });
const free = (text: string): Row => ({ text, value: text, bad: null });
const one = (text: string, known: string): Row => ({
  text,
  value: text,
  bad: ['nonsense', `must be one of ${known}, not "nonsense"`],
});
const whsec = `whsec_${'a'.repeat(32)}`;

/** Every option of the table: one that is missing here fails the test. */
export const rows: Readonly<Record<keyof GatewayConfig, Row>> = {
  data: name('elsewhere'),
  roles: {
    text: 'platform, engine',
    value: ['platform', 'engine'],
    bad: ['platfrom', 'knows platform, engine, api-iot, broker, not "platfrom"'],
  },
  host: {
    text: '[::1]',
    value: '::1',
    bad: [
      'http://localhost',
      'must be an address or a host name alone, such as 127.0.0.1 or ::1, not "http://localhost"',
    ],
  },
  port: number('9090', 0, 65_535),
  apiIotPort: number('9091', 0, 65_535),
  mqttPort: number('1884', 0, 65_535),
  apiIotThread: one('no', 'auto, yes, no'),
  healthPort: number('9092', 0, 65_535),
  metricsPort: number('9093', 0, 65_535),
  publicUrl: web('https://caas.example'),
  apiIotPublicUrl: web('https://iot.example'),
  allowedHosts: {
    text: 'API.example, iot.example',
    value: ['api.example', 'iot.example'],
    bad: ['api.example:80', 'must be a list such as api.example,iot.example, not "api.example:80"'],
  },
  allowedOrigins: {
    text: 'https://shop.example, https://app.example/',
    value: ['https://shop.example', 'https://app.example'],
    bad: ['*', 'must be a list such as https://shop.example,https://app.example, not "*"'],
  },
  webUrl: web('https://www.example'),
  linkSecret: {
    text: 'a secret of 32 characters and more',
    value: 'a secret of 32 characters and more',
    bad: [
      'a secret of 32 characters and more, short',
      'must be a text of at least 32 characters, or up to 4 of them, comma-separated',
    ],
  },
  pushPrivate: one('yes', 'yes, no'),
  apiIotUrl: web('https://iot.example'),
  apiIotAdapter: free('my.yaml'),
  apiIotClientId: name('other'),
  apiIotClientSecret: free('p+s%41x'),
  apiIotCallbackSecret: free(whsec),
  natsPrefix: {
    text: 'shop-es_2',
    value: 'shop-es_2',
    bad: ['Shop.ES', 'must be 1 to 32 lower-case letters, digits, hyphens and underscores, not "Shop.ES"'],
  },
  natsReplicas: number('3', 1, 5),
  natsMaxBytes: number('1000000', 0, 2 ** 50),
  natsPlacementCluster: free('eu'),
  natsPlacementTags: free('ssd,eu'),
  natsUrl: url('nats://127.0.0.1:4222', 'nats:// or tls://'),
  natsUser: { ...free('fleet'), with: { natsPassword: 'pw' } },
  natsPassword: { ...free('pw'), with: { natsUser: 'fleet' } },
  natsCredentials: free('fleet.creds'),
  natsNkey: free('fleet.nk'),
  natsCa: free('ca.pem'),
  natsCertificate: { ...free('client.pem'), with: { natsKey: 'client.key' } },
  natsKey: { ...free('client.key'), with: { natsCertificate: 'client.pem' } },
  natsServer: name('/usr/local/bin/nats-server'),
  install: one('yes', 'yes, no'),
  mqttUrl: url('mqtts://broker.example', 'mqtt:// or mqtts://'),
  mqttUsername: name('other'),
  mqttPassword: free('secret'),
  apiIotDatabaseUrl: url('postgres://127.0.0.1/api_iot', 'postgres:// or postgresql://'),
  apiIotShard: {
    text: '2/3',
    value: '2/3',
    bad: ['3/2', 'must be a process and their number, such as 1/2, up to 64/64, not "3/2"'],
  },
  databaseUrl: url('postgres://127.0.0.1/fleetwake', 'postgres:// or postgresql://'),
  paymentsUrl: web('https://payments.example'),
  paymentsKey: free('sk_test_1'),
  paymentsWebhookSecret: free('whsec_1'),
  smtpUrl: url('smtps://mail.example', 'smtp:// or smtps://'),
  mailFrom: {
    text: 'Shop <shop@example.com>',
    value: 'Shop <shop@example.com>',
    bad: ['Shop', 'must be an address such as "CaaS <no-reply@example.org>", not "Shop"'],
  },
  mailCa: free('ca.pem'),
  supportContact: name('+34 900 000 000'),
  pushContact: url('mailto:ops@example.org', 'mailto: or https://'),
  mailTimeoutMs: duration('2000', '1 s', '5 min'),
  timeZone: {
    ...free('Europe/Madrid'),
    bad: ['Mars/Olympus', 'must be a time zone such as Europe/Madrid, not "Mars/Olympus"'],
  },
  mailLimit: number('0', 0, 1_000_000),
  supportRoster: free('roster.json'),
  keep: {
    text: 'history=36500d, commands=ever',
    value:
      'history=36500d,operations=400d,notifications=400d,parked=30d,payment-events=90d,commands=ever,connections=30d,telemetry=30d',
    bad: ['commands=1d', 'must keep commands from 7d to ever, such as commands=90d, not "commands=1d"'],
  },
  supportSla: {
    text: 'HIGH=30min/4h',
    value: 'HIGH=30min/4h',
    bad: [
      'HIGH=4h/30min',
      'must be such as HIGH=4h/24h,MEDIUM=8h/72h (taken up within/resolved within), not "HIGH=4h/30min"',
    ],
  },
  templates: free('texts'),
  ticketWebhookUrl: {
    ...web('https://tickets.example'),
    with: { ticketWebhookSecret: whsec },
  },
  ticketWebhookSecret: { ...free(whsec), with: { ticketWebhookUrl: 'https://tickets.example' } },
  ticketWebhookFormat: one('pagerduty', 'standard, pagerduty'),
  trustedIssuer: { ...web('https://id.example/'), with: { trustedJwks: 'https://id.example/keys' } },
  trustedJwks: { ...web('https://id.example/keys'), with: { trustedIssuer: 'https://id.example/' } },
  tokenLeewaySeconds: number('5', 0, 600),
  checkDigit: one('strict', 'strict, warn, off'),
  catalogue: free('own'),
  quotaLimit: number('100', 1, 100_000),
  quotaWindowMs: duration('60000', '1 ms', '1 d'),
  commandTimeoutMs: duration('1000', '1 ms', '1 d'),
  telemetrySamples: number('0', 0, 1_440),
  reconcileMs: duration('0', '0 ms', '30 d'),
  reconcileRepeats: number('5', 1, 1_000),
  purchasesMax: number('3', 1, 10_000),
  timeScale: number('60', 1, 10_000),
  logLevel: one('info', 'debug, info, warn, error, silent'),
};

/** An address masks itself; what it holds is compared. */
export const whole = (value: unknown) => (value instanceof Address ? value.reveal() : value);

/** The flag with a text. */
export const parametersOf = (key: string, text: string) => {
  const { flag } = options[key as keyof typeof options];
  return flag === 'install' ? ['--install'] : [`--${flag}`, text];
};
/** The flags that must come with it. */
export const companionsOf = ({ with: others = {} }: Row) =>
  Object.entries(others).flatMap(([key, text]) => parametersOf(key, text));
