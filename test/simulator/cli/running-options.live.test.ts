import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';
import { shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { type GatewayConfig, options } from '../../../gateway/config.ts';
import { openKeys } from '../../../gateway/live/keys.ts';
import { UsageError } from '../../../simulator/cli/exit.ts';
import { freePort } from '../../helpers/free-port.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { endSignal, given, type RunningGateway, seenIn } from './running-gateway.ts';

vi.mock('../../../shared/live/signals.ts', () => ({ firstSignal: () => endSignal() }));
vi.mock('../../../shared/live/log.ts', async () => {
  const { silentLog } = await import('../../../shared/ports/log.ts');
  return {
    jsonLog(logLevel: string) {
      given.logLevel = logLevel;
      return silentLog;
    },
  };
});
vi.mock('../../../gateway/platform-service.ts', async (original) => {
  const { createPlatformService, ...rest } =
    await original<typeof import('../../../gateway/platform-service.ts')>();
  return {
    ...rest,
    createPlatformService: ((ports, settings) => {
      given.platform = { ports, settings };
      return createPlatformService(ports, settings);
    }) as typeof createPlatformService,
  };
});
vi.mock('../../../gateway/api-iot-service.ts', async (original) => {
  const { createApiIotService } = await original<typeof import('../../../gateway/api-iot-service.ts')>();
  return {
    createApiIotService: ((ports, settings) => {
      given.apiIot = { ports, settings };
      return createApiIotService(ports, settings);
    }) as typeof createApiIotService,
  };
});
vi.mock('../../../gateway/broker/embedded-broker.ts', async (original) => {
  const { embeddedBroker } = await original<typeof import('../../../gateway/broker/embedded-broker.ts')>();
  return {
    embeddedBroker: ((broker) => {
      given.broker = broker;
      return embeddedBroker(broker);
    }) as typeof embeddedBroker,
  };
});
// A thread cannot load the sources: what it would be decided by is seen.
vi.mock('../../../simulator/live/api-iot-thread.ts', () => ({
  apiIotThread({ apiIotThread }: GatewayConfig) {
    given.apiIotThread = apiIotThread;
  },
}));
vi.mock('../../../shared/live/mailer.ts', async (original) => {
  const { smtpMailer } = await original<typeof import('../../../shared/live/mailer.ts')>();
  return {
    smtpMailer: ((mailer) => {
      given.mailer = mailer;
      return smtpMailer(mailer);
    }) as typeof smtpMailer,
  };
});
vi.mock('../../../shared/live/pusher.ts', async (original) => {
  const { webPusher } = await original<typeof import('../../../shared/live/pusher.ts')>();
  return {
    webPusher: ((pusher) => {
      given.pusher = pusher;
      return webPusher(pusher);
    }) as typeof webPusher,
  };
});
vi.mock('../../../shared/live/mqtt-link.ts', async (original) => {
  const { mqttLink } = await original<typeof import('../../../shared/live/mqtt-link.ts')>();
  return {
    mqttLink: ((link) => {
      given.mqttUrl = link.url;
      return mqttLink(link);
    }) as typeof mqttLink,
  };
});
vi.mock('../../../shared/live/tokens.ts', async (original) => {
  const { jwtTokens, ...rest } = await original<typeof import('../../../shared/live/tokens.ts')>();
  return {
    ...rest,
    jwtTokens: ((tokens) => {
      given.trusted = tokens.trusted ?? [];
      return jwtTokens(tokens);
    }) as typeof jwtTokens,
  };
});
// No NATS, no PostgreSQL and no package manager: the addresses and programs that they would be reached by are seen.
vi.mock('../../../shared/live/nats-bus.ts', async () => {
  const { memoryBus } = await import('../../../shared/memory/bus.ts');
  const { wallClock } = await import('../../../shared/live/clock.ts');
  const { silentLog } = await import('../../../shared/ports/log.ts');
  return {
    async openNatsBus(bus: typeof given.natsBus) {
      given.natsBus = bus;
      return memoryBus({ clock: wallClock, log: silentLog });
    },
  };
});
vi.mock('../../../shared/live/nats-server.ts', async (original) => {
  const { NatsFolderInUse, NatsServerMissing } =
    await original<typeof import('../../../shared/live/nats-server.ts')>();
  return {
    NatsFolderInUse,
    NatsServerMissing,
    async startNatsServer({ program }: { readonly program: string }) {
      given.natsProgram = program;
      if (program === 'startable') {
        let stop = async () => {};
        const exited = new Promise<void>((resolve) => {
          stop = async () => resolve();
        });
        const check = async () => null;
        return { url: 'nats://127.0.0.1:1', port: 1, exited, check, lastWords: () => '', stop, kill: stop };
      }
      throw new NatsServerMissing('none is started here');
    },
    async installNatsServer() {
      given.isInstalled = true;
    },
  };
});
vi.mock('../../../gateway/live/prepared-database.ts', async (original) => {
  const { preparedSqlite } = await original<typeof import('../../../gateway/live/prepared-database.ts')>();
  return {
    preparedSqlite,
    preparedPostgres(
      url: string,
      migrate: Parameters<typeof preparedSqlite>[1],
      _log: unknown,
      { flag }: { readonly flag: string },
    ) {
      given[flag === 'database-url' ? 'databaseUrl' : 'apiIotDatabaseUrl'] = url;
      return preparedSqlite(join(folder, `${flag}.db`), migrate);
    },
  };
});

let folder = '';
beforeAll(async () => {
  folder = await newTemporaryFolder();
  await openKeys(folder);
  await writeFile(join(folder, 'ca.pem'), 'a certificate');
  const always = { weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' };
  const grace = { name: 'Grace', utcOffset: '+01:00', shifts: [always] };
  await writeFile(join(folder, 'roster.json'), JSON.stringify([grace]));
  await cp(shippedCatalogueFolder(), join(folder, 'catalogue'), { recursive: true });
  const servicesFile = join(folder, 'catalogue', 'services.json');
  const { services, ...rest } = JSON.parse(await readFile(servicesFile, 'utf8'));
  await writeFile(
    servicesFile,
    JSON.stringify({ ...rest, services: [{ ...services[0], name: 'Warm seats' }, ...services.slice(1)] }),
  );
  await mkdir(join(folder, 'other'));
  const shipped = join(shippedCatalogueFolder(), '..', 'notifications', 'templates');
  await cp(join(shipped, 'en'), join(folder, 'texts', 'fr'), { recursive: true });
  const oneAndMany = ['un', 'plusieurs'];
  const words = { hours: oneAndMany, days: oneAndMany, months: oneAndMany, permanent: 'sans fin' };
  await writeFile(join(folder, 'texts', 'fr', 'durations.json'), JSON.stringify(words));
});
afterAll(() => removeFolder(folder));

interface Row {
  /** The value that is given; of a function: made when the test runs. */
  readonly text: string | (() => string | Promise<string>);
  /** What must come with it. */
  readonly with?: readonly string[];
  /** Replaces those ports and data folder that a test needs. */
  readonly without?: string;
  readonly see: (gateway: RunningGateway, text: string) => unknown;
  readonly before: unknown;
  /** Default: the text. */
  readonly after?: unknown;
}

const file = (name: string) => () => join(folder, name);
const platform = ({ platform }: RunningGateway) => {
  if (platform === null) throw new Error('the platform does not run');
  return platform.settings;
};
const apiIot = ({ apiIot }: RunningGateway) => {
  if (apiIot === null) throw new Error('the API IoT does not run');
  return apiIot.settings;
};
const urlOf = ({ line }: RunningGateway) => String(line.platform);
const portIs = (url: string | null, text: string) => url?.endsWith(`:${text}`);
const issuerAt = async (origin: string) => {
  const response = await fetch(`${origin}/.well-known/oauth-authorization-server`);
  return ((await response.json()) as { issuer: string }).issuer;
};
const statusFor = (url: string, host: string) =>
  new Promise<number>((resolve, reject) => {
    request(`${url}/livez`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
const generated = /^[A-Za-z0-9_-]{20,}$/;
const own = expect.stringMatching(generated);
const whsec = `whsec_${Buffer.from('of-this-test'.repeat(3)).toString('base64')}`;
const webhook = ['--ticket-webhook-url', 'http://127.0.0.1:1/hook', '--ticket-webhook-secret', whsec];
const mail = ['--smtp-url', 'smtp://127.0.0.1:1'];
const nats = ['--nats-url', 'nats://127.0.0.1:4222'];
const issuer = ['--trusted-issuer', 'https://id.example', '--trusted-jwks', 'https://id.example/keys'];
const settingsOfTime = (gateway: RunningGateway) => ({
  quotaWindowMs: apiIot(gateway).quotaWindowMs,
  commandTimeoutMs: apiIot(gateway).commandTimeoutMs,
  callbackBaseMs: apiIot(gateway).callbackRetry?.baseDelayMs,
  ackWaitMs: platform(gateway).engine.ackWaitMs,
  noticeRetryMaxMs: platform(gateway).dispatch.retryMaxMs,
  reconcileMs: platform(gateway).reconcileMs,
  slaPollMs: platform(gateway).desk.slaPollMs,
});

/** Every option of the gateway, and where its effect is seen while the gateway runs. */
const rows: Readonly<Record<keyof GatewayConfig, Row>> = {
  data: {
    text: file('other'),
    without: '--data',
    see: () => existsSync(join(folder, 'other', 'platform.db')),
    before: false,
    after: true,
  },
  roles: {
    text: 'api-iot,broker',
    see: ({ line }) => line.platform !== null,
    before: true,
    after: false,
  },
  host: {
    text: '127.0.0.2',
    see: (gateway) => new URL(urlOf(gateway)).hostname,
    before: '127.0.0.1',
  },
  port: {
    text: async () => String(await freePort()),
    without: '--port',
    see: (gateway, text) => portIs(gateway.line.platform, text),
    before: false,
    after: true,
  },
  apiIotPort: {
    text: async () => String(await freePort()),
    without: '--api-iot-port',
    see: (gateway, text) => portIs(gateway.line.apiIot, text),
    before: false,
    after: true,
  },
  mqttPort: {
    text: async () => String(await freePort()),
    without: '--mqtt-port',
    see: (gateway, text) => portIs(gateway.line.mqtt, text),
    before: false,
    after: true,
  },
  apiIotThread: {
    text: 'no',
    see: ({ apiIotThread }) => apiIotThread,
    before: 'auto',
  },
  healthPort: {
    text: async () => String(await freePort()),
    see: (_, text) =>
      fetch(`http://127.0.0.1:${text}/livez`).then(
        ({ status }) => status,
        () => null,
      ),
    before: null,
    after: 200,
  },
  metricsPort: {
    text: async () => String(await freePort()),
    see: (_, text) =>
      fetch(`http://127.0.0.1:${text}/metrics`).then(
        async (answer) => [
          answer.headers.get('content-type'),
          ...((await answer.text()).match(
            /^(?:fleetwake_bus_up 1|# TYPE (?:fleetwake_mqtt_connections|process_cpu_seconds_total) .*)$/gm,
          ) ?? []),
        ],
        () => null,
      ),
    before: null,
    after: [
      'text/plain; version=0.0.4; charset=utf-8',
      '# TYPE process_cpu_seconds_total counter',
      'fleetwake_bus_up 1',
      '# TYPE fleetwake_mqtt_connections gauge',
    ],
  },
  publicUrl: {
    text: 'https://caas.example',
    see: (gateway) => issuerAt(urlOf(gateway)),
    before: expect.stringMatching(/^http:\/\/127/),
  },
  apiIotPublicUrl: {
    text: 'https://iot.example',
    see: (gateway) => issuerAt(gateway.line.apiIot),
    before: expect.stringMatching(/^http:\/\/127/),
  },
  allowedHosts: {
    text: 'api.example',
    see: (gateway) =>
      Promise.all([urlOf(gateway), gateway.line.apiIot].map((url) => statusFor(url, 'api.example'))),
    before: [421, 421],
    after: [200, 200],
  },
  allowedOrigins: {
    text: 'https://shop.example',
    see: async (gateway) => {
      const response = await fetch(`${urlOf(gateway)}/openapi.json`, {
        headers: { origin: 'https://shop.example' },
      });
      return response.headers.get('access-control-allow-origin');
    },
    before: null,
  },
  webUrl: {
    text: 'https://www.example',
    see: (gateway) => platform(gateway).desk.notifications.webUrl,
    before: expect.stringMatching(/^http:\/\/127/),
  },
  linkSecret: {
    text: 'a secret of 32 characters and more',
    see: (gateway) => platform(gateway).secrets.links,
    before: [expect.stringMatching(/^[\w-]{43}$/)],
    after: ['a secret of 32 characters and more'],
  },
  pushPrivate: {
    text: 'yes',
    see: ({ pusher, line }) =>
      pusher?.http(new Request(`${line.platform}/livez`)).then(
        ({ status }) => status,
        ({ message }: Error) => message.replace(String(line.platform), 'HERE'),
      ),
    before: 'GET HERE/livez: ENOTPUBLIC',
    after: 200,
  },
  apiIotUrl: {
    text: 'https://iot.example',
    with: ['--roles', 'platform,engine'],
    see: (gateway) => platform(gateway).apiIot.origin,
    before: expect.stringMatching(/^http:\/\/127/),
  },
  apiIotAdapter: {
    text: join(shippedAdaptersFolder(), 'synchronous.yaml'),
    see: (gateway) => platform(gateway).apiIot.adapter?.name ?? 'fleetwake',
    before: 'fleetwake',
    after: 'synchronous',
  },
  apiIotClientId: {
    text: 'other',
    see: (gateway) => [platform(gateway).apiIot.clientId, apiIot(gateway).clients.engine.clientId],
    before: ['engine', 'engine'],
    after: ['other', 'other'],
  },
  apiIotClientSecret: {
    text: 'p+s%41x',
    see: (gateway) => [platform(gateway).apiIot.clientSecret, apiIot(gateway).clients.engine.clientSecret],
    before: [own, own],
    after: ['p+s%41x', 'p+s%41x'],
  },
  apiIotCallbackSecret: {
    text: whsec,
    see: (gateway) =>
      [platform(gateway).secrets.callbacks, apiIot(gateway).callbackSecret].join() === `${whsec},${whsec}`,
    before: false,
    after: true,
  },
  natsUrl: { text: 'nats://127.0.0.1:4222', see: ({ natsBus }) => natsBus?.url, before: undefined },
  natsPrefix: {
    text: 'shop-es',
    with: nats,
    see: ({ natsBus }) => natsBus?.prefix,
    before: 'fleetwake',
    after: 'shop-es',
  },
  natsReplicas: {
    text: '3',
    with: nats,
    see: ({ natsBus }) => natsBus?.storage?.replicas,
    before: 1,
    after: 3,
  },
  natsMaxBytes: {
    text: '1000000',
    with: nats,
    see: ({ natsBus }) => natsBus?.storage?.maxBytes,
    before: 0,
    after: 1_000_000,
  },
  natsPlacementCluster: {
    text: 'eu',
    with: nats,
    see: ({ natsBus }) => natsBus?.storage?.placement.cluster,
    before: null,
  },
  natsPlacementTags: {
    text: 'ssd, eu',
    with: nats,
    see: ({ natsBus }) => natsBus?.storage?.placement.tags,
    before: [],
    after: ['ssd', 'eu'],
  },
  natsUser: {
    text: 'ana',
    with: [...nats, '--nats-password', 'pw'],
    see: ({ natsBus }) => natsBus?.credentials,
    before: undefined,
    after: { user: 'ana', password: 'pw' },
  },
  natsPassword: {
    text: 'pw',
    with: [...nats, '--nats-user', 'ana'],
    see: ({ natsBus }) => natsBus?.credentials,
    before: undefined,
    after: { user: 'ana', password: 'pw' },
  },
  natsCredentials: {
    text: 'fleet.creds',
    with: nats,
    see: ({ natsBus }) => natsBus?.credentials,
    before: undefined,
    after: { credentialsFile: 'fleet.creds' },
  },
  natsNkey: {
    text: 'fleet.nk',
    with: nats,
    see: ({ natsBus }) => natsBus?.credentials,
    before: undefined,
    after: { nkeyFile: 'fleet.nk' },
  },
  natsCa: {
    text: 'ca.pem',
    with: nats,
    see: ({ natsBus }) => natsBus?.certificates,
    before: undefined,
    after: { caFile: 'ca.pem' },
  },
  natsCertificate: {
    text: 'client.pem',
    with: [...nats, '--nats-key', 'client.key'],
    see: ({ natsBus }) => natsBus?.certificates,
    before: undefined,
    after: { certFile: 'client.pem', keyFile: 'client.key' },
  },
  natsKey: {
    text: 'client.key',
    with: [...nats, '--nats-cert', 'client.pem'],
    see: ({ natsBus }) => natsBus?.certificates,
    before: undefined,
    after: { certFile: 'client.pem', keyFile: 'client.key' },
  },
  natsServer: { text: '/opt/nats', see: ({ natsProgram }) => natsProgram, before: 'nats-server' },
  install: { text: 'yes', see: ({ isInstalled }) => isInstalled, before: false, after: true },
  mqttUrl: {
    text: 'mqtt://127.0.0.1:1',
    with: ['--roles', 'api-iot,broker'],
    without: '--mqtt-port',
    see: ({ mqttUrl, broker, apiIot }) => [mqttUrl, broker === null, apiIot?.settings.hasWillsOfAllSessions],
    before: [null, false, false],
    after: ['mqtt://127.0.0.1:1', true, true],
  },
  mqttUsername: {
    text: 'other',
    see: (gateway) => [apiIot(gateway).link.username, gateway.broker?.serviceCredential.username],
    before: ['api-iot', 'api-iot'],
    after: ['other', 'other'],
  },
  mqttPassword: {
    text: 'secret',
    see: (gateway) => [apiIot(gateway).link.password, gateway.broker?.serviceCredential.password],
    before: [own, own],
    after: ['secret', 'secret'],
  },
  databaseUrl: {
    text: 'postgres://127.0.0.1/fleetwake',
    see: ({ databaseUrl }) => databaseUrl,
    before: null,
  },
  apiIotDatabaseUrl: {
    text: 'postgres://127.0.0.1/api_iot',
    see: ({ apiIotDatabaseUrl }) => apiIotDatabaseUrl,
    before: null,
  },
  apiIotShard: {
    text: '2/3',
    with: [
      ...['--roles', 'api-iot,broker', '--mqtt-url', 'mqtt://127.0.0.1:1'],
      ...['--api-iot-database-url', 'postgres://127.0.0.1/api_iot'],
      ...['--api-iot-public-url', 'http://127.0.0.1:1'],
    ],
    without: '--mqtt-port',
    see: (gateway) => [apiIot(gateway).link.clientId, apiIot(gateway).shard],
    before: ['api-iot', { index: 1, of: 1 }],
    after: ['api-iot-2-of-3', { index: 2, of: 3 }],
  },
  paymentsUrl: {
    text: 'https://payments.example',
    see: (gateway) => platform(gateway).payments?.origin,
    before: undefined,
  },
  paymentsKey: {
    text: 'sk_test_1',
    with: ['--payments-url', 'http://127.0.0.1:1'],
    see: (gateway) => platform(gateway).payments?.apiKey,
    before: expect.stringMatching(/^sk_test_.{20,}$/),
  },
  paymentsWebhookSecret: {
    text: 'whsec_given',
    with: ['--payments-url', 'http://127.0.0.1:1'],
    see: (gateway) => platform(gateway).secrets.paymentsWebhook === 'whsec_given',
    before: false,
    after: true,
  },
  smtpUrl: {
    text: 'smtps://mail.example',
    see: ({ mailer }) => mailer?.url,
    before: undefined,
  },
  mailFrom: {
    text: 'Shop <shop@example.com>',
    with: mail,
    see: ({ mailer, pusher }) => [mailer?.from, pusher?.vapid.subject],
    before: ['CaaS <no-reply@caas.example>', 'mailto:no-reply@caas.example'],
    after: ['Shop <shop@example.com>', 'mailto:no-reply@example.com'],
  },
  mailCa: {
    text: file('ca.pem'),
    with: mail,
    see: ({ mailer }) => mailer?.ca,
    before: undefined,
    after: 'a certificate',
  },
  supportContact: {
    text: '+34 900 000 000',
    see: (gateway) => platform(gateway).desk.notifications.contact,
    before: 'support@caas.example',
  },
  pushContact: {
    text: 'mailto:ops@example.org',
    see: ({ pusher }) => pusher?.vapid.subject,
    before: 'mailto:no-reply@caas.example',
  },
  mailTimeoutMs: {
    text: '200000',
    with: mail,
    see: (gateway) => [gateway.mailer?.timeoutMs, platform(gateway).dispatch.claimMs],
    before: [30_000, 62_000],
    after: [200_000, 402_000],
  },
  timeZone: {
    text: 'Europe/Madrid',
    see: (gateway) => platform(gateway).desk.notifications.timeZone,
    before: 'UTC',
  },
  purchasesMax: {
    text: '3',
    see: (gateway) => platform(gateway).purchasesMax,
    before: 64,
    after: 3,
  },
  mailLimit: {
    text: '7',
    see: (gateway) => platform(gateway).dispatch.perAddress,
    before: { max: 200, windowMs: 86_400_000 },
    after: { max: 7, windowMs: 86_400_000 },
  },
  supportRoster: {
    text: file('roster.json'),
    see: (gateway) => platform(gateway).desk.support.roster.map(({ name }) => name),
    before: ['technician-1', 'technician-2', 'technician-3'],
    after: ['Grace'],
  },
  keep: {
    text: 'commands=8d',
    see: (gateway) => [platform(gateway).retention?.ages.history, apiIot(gateway).retention?.ages.commands],
    before: [3_650 * 86_400_000, 90 * 86_400_000],
    after: [3_650 * 86_400_000, 8 * 86_400_000],
  },
  supportSla: {
    text: 'MEDIUM=30min/1d',
    see: (gateway) => platform(gateway).desk.support.sla,
    before: {
      HIGH: { responseMs: 14_400_000, resolutionMs: 86_400_000 },
      MEDIUM: { responseMs: 28_800_000, resolutionMs: 259_200_000 },
    },
    after: {
      HIGH: { responseMs: 14_400_000, resolutionMs: 86_400_000 },
      MEDIUM: { responseMs: 1_800_000, resolutionMs: 86_400_000 },
    },
  },
  templates: {
    text: file('texts'),
    see: (gateway) => Object.keys(platform(gateway).desk.notifications.languages ?? {}),
    before: ['en', 'es'],
    after: ['en', 'es', 'fr'],
  },
  ticketWebhookUrl: {
    text: 'https://tickets.example/hook',
    with: ['--ticket-webhook-secret', whsec],
    see: (gateway) => platform(gateway).desk.webhook?.url,
    before: undefined,
  },
  ticketWebhookSecret: {
    text: whsec,
    with: ['--ticket-webhook-url', 'http://127.0.0.1:1/hook'],
    see: (gateway) => platform(gateway).desk.webhook?.secret,
    before: undefined,
  },
  ticketWebhookFormat: {
    text: 'pagerduty',
    with: webhook,
    see: (gateway) => platform(gateway).desk.webhook?.format,
    before: 'standard',
  },
  trustedIssuer: {
    text: 'https://id.example/',
    with: ['--trusted-jwks', 'https://id.example/keys'],
    see: ({ trusted }) => trusted[0]?.issuer,
    before: undefined,
  },
  trustedJwks: {
    text: 'https://id.example/keys',
    with: ['--trusted-issuer', 'https://id.example/'],
    see: ({ trusted }) => trusted[0]?.jwksUrl,
    before: undefined,
  },
  tokenLeewaySeconds: {
    text: '5',
    with: issuer,
    see: ({ trusted }) => trusted[0]?.leewaySeconds,
    before: 30,
    after: 5,
  },
  checkDigit: { text: 'strict', see: (gateway) => apiIot(gateway).checkDigit, before: 'warn' },
  catalogue: {
    text: file('catalogue'),
    see: (gateway) => platform(gateway).catalogue.services()[0]?.name,
    before: 'Heated seats',
    after: 'Warm seats',
  },
  quotaLimit: { text: '100', see: (gateway) => apiIot(gateway).quotaPerHour, before: 10, after: 100 },
  quotaWindowMs: {
    text: '60000',
    see: (gateway) => apiIot(gateway).quotaWindowMs,
    before: 3_600_000,
    after: 60_000,
  },
  commandTimeoutMs: {
    text: '1000',
    see: (gateway) => apiIot(gateway).commandTimeoutMs,
    before: 300_000,
    after: 1_000,
  },
  telemetrySamples: {
    text: '0',
    see: (gateway) => apiIot(gateway).telemetrySamples?.count,
    before: 60,
    after: 0,
  },
  reconcileMs: {
    text: '60000',
    see: (gateway) => platform(gateway).reconcileMs,
    before: 3_600_000,
    after: 60_000,
  },
  reconcileRepeats: {
    text: '7',
    see: (gateway) => platform(gateway).contradictions.repeatMax,
    before: 3,
    after: 7,
  },
  timeScale: {
    text: '100',
    see: settingsOfTime,
    before: {
      quotaWindowMs: 3_600_000,
      commandTimeoutMs: 300_000,
      callbackBaseMs: 1_000,
      ackWaitMs: 60_000,
      noticeRetryMaxMs: 300_000,
      reconcileMs: 3_600_000,
      slaPollMs: 60_000,
    },
    after: {
      quotaWindowMs: 36_000,
      commandTimeoutMs: 3_000,
      callbackBaseMs: 50,
      ackWaitMs: 5_000,
      noticeRetryMaxMs: 3_000,
      reconcileMs: 36_000,
      slaPollMs: 1_000,
    },
  },
  logLevel: { text: 'error', see: ({ logLevel }) => logLevel, before: 'warn' },
};

const table = Object.entries(options) as [keyof GatewayConfig, { flag: string; environment: string }][];
const parametersOf = (flag: string, text: string) =>
  flag === 'install' ? ['--install'] : [`--${flag}`, text];

/** Each is refused without the other. */
const pairs = new Set<keyof GatewayConfig>([
  'trustedIssuer',
  'trustedJwks',
  'ticketWebhookUrl',
  'ticketWebhookSecret',
  ...(['natsUser', 'natsPassword', 'natsCertificate', 'natsKey'] as const),
]);
/** Replacement for a default that another program on this machine uses. */
const ownValues: Readonly<Record<string, readonly string[]>> = {
  '--port': ['--port', '0'],
  '--api-iot-port': ['--api-iot-port', '0'],
  '--mqtt-port': ['--mqtt-port', '0'],
};

/** Ports of this test, and its data folder. */
function surroundings({ without }: Row): string[] {
  const all = [
    ['--data', folder],
    ['--port', '0'],
    ['--api-iot-port', '0'],
    ['--mqtt-port', '0'],
  ];
  return all.filter(([flag]) => flag !== without).flat();
}

describe('a running gateway', () => {
  it('is watched for every option', () => {
    expect(Object.keys(rows).toSorted()).toEqual(Object.keys(options).toSorted());
  });

  it.each(table)('does what %s says, by its flag and by its environment name', async (key, option) => {
    const row = rows[key];
    const text = typeof row.text === 'string' ? row.text : await row.text();
    const see = (gateway: RunningGateway) => row.see(gateway, text);
    const others = [...surroundings(row), ...(row.with ?? [])];
    const alone = key === 'data' ? ['--data', folder] : (ownValues[row.without ?? ''] ?? []);
    const before = await seenIn([...(pairs.has(key) ? surroundings(row) : others), ...alone], {}, see);
    const byFlag = await seenIn([...others, ...parametersOf(option.flag, text)], {}, see);
    const byEnvironment = await seenIn(others, { [option.environment]: text }, see);
    const after = row.after ?? text;
    expect([before, byFlag, byEnvironment]).toEqual([row.before, after, after]);
  });

  it('gives its own nats-server the size limit of the streams', async () => {
    const asked = [
      ...surroundings(rows.quotaLimit),
      '--nats-server',
      'startable',
      '--nats-max-bytes',
      '5000',
    ];
    expect(await seenIn(asked, {}, ({ natsBus }) => natsBus?.storage?.maxBytes)).toBe(5_000);
  });

  it.each([
    ['--quota 5 --api-iot-url http://127.0.0.1:1', '--quota', 'no API IoT runs in this process'],
    [
      '--roles platform,engine --api-iot-url http://127.0.0.1:1 --mqtt-port 1884',
      '--mqtt-port',
      'no broker runs in this process',
    ],
    [
      '--roles api-iot,broker --api-iot-thread yes',
      '--api-iot-thread',
      'platform and API IoT do not both run in this process',
    ],
    ['--mqtt-url mqtt://127.0.0.1:1 --mqtt-port 1884', '--mqtt-port', 'no broker runs in this process'],
    [
      '--roles api-iot,broker --payments-key sk_test_1',
      '--payments-key',
      'neither platform nor engine runs in this process',
    ],
    ['--roles platform --reconcile-ms 5', '--reconcile-ms', 'no engine runs in this process'],
    [
      '--nats-replicas 3',
      '--nats-replicas',
      'a nats-server that is started here is alone: give --nats-url as well',
    ],
    ['--nats-url nats://127.0.0.1:1 --install', '--install', 'NATS is the one at --nats-url'],
    ['--payments-key sk_test_1', '--payments-key', 'no --payments-url is given'],
    ['--mail-timeout-ms 5000', '--mail-timeout-ms', 'no --smtp-url is given'],
    ['--token-leeway 5', '--token-leeway', 'no --trusted-issuer is given'],
    ['--ticket-webhook-format pagerduty', '--ticket-webhook-format', 'no --ticket-webhook-url is given'],
    [
      '--api-iot-port 8082 --api-iot-url http://127.0.0.1:1',
      '--api-iot-port',
      'the API IoT is the one at --api-iot-url',
    ],
  ])('refuses a flag that would have no effect: %s', async (call, flag, why) => {
    await expect(seenIn(['--data', folder, ...call.split(' ')], {}, () => null)).rejects.toThrow(
      new UsageError(`${flag} has no effect, because ${why}; leave it out`),
    );
  });

  it('takes variables that have no effect here: several processes share them', async () => {
    const others = ['--data', folder, '--port', '0', '--roles', 'platform,engine'];
    const shared = { API_IOT_URL: 'http://127.0.0.1:1', API_IOT_QUOTA: '5', MQTT_PORT: '1884' };
    expect(await seenIn(others, shared, (gateway) => platform(gateway).apiIot.origin)).toBe(
      'http://127.0.0.1:1',
    );
  });
});
