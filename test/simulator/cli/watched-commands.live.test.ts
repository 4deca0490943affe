import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';
import { shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { type GatewayConfig, options } from '../../../gateway/config.ts';
import { shippedModelsFolder } from '../../../simulator/models/models-folder.ts';
import { freePort } from '../../helpers/free-port.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import {
  type AskedService,
  askedService,
  everyEnvironmentName,
  inProcess,
  writeSecrets,
} from './command-in-process.ts';
import { companionsOf, parametersOf, rows, whole } from './gateway-option-rows.ts';

/** What the parts of a command were given, by the name of the part. */
const given = vi.hoisted(() => ({ current: {} as Record<string, unknown> }));
/** Ends a command at the part that is watched. */
const watch = vi.hoisted(() => (part: string) => (...values: readonly unknown[]) => {
  given.current[part] = values;
  throw new Error(`watched: ${part}`);
});

/** A command that would run until a signal gets it with the first request that the platform was asked. */
const signal = vi.hoisted(() => ({ send: () => {} }));
vi.mock('../../../shared/live/signals.ts', () => ({
  firstSignal: () => ({
    promise: new Promise<'SIGTERM'>((done) => {
      signal.send = () => done('SIGTERM');
    }),
    dispose() {},
  }),
}));
vi.mock('../../../shared/live/log.ts', async () => {
  const { silentLog } = await import('../../../shared/ports/log.ts');
  return {
    jsonLog(level: string) {
      given.current.logLevel = level;
      return silentLog;
    },
  };
});
vi.mock('../../../shared/live/mqtt-link.ts', () => ({ mqttLink: watch('mqttLink') }));
vi.mock('../../../simulator/live/stand-in-servers.ts', async (original) => ({
  ...(await original<object>()),
  startPaymentsServer: watch('payments'),
}));
vi.mock('../../../simulator/live/local-system.ts', async (original) => ({
  ...(await original<object>()),
  startLocalSystem: watch('up'),
}));
vi.mock('../../../simulator/live/fleet-nats.ts', () => ({
  async openFleetNats(options: { config: GatewayConfig }) {
    return options.config.natsUrl === null ? null : watch('nats')(options);
  },
}));
vi.mock('../../../simulator/live/scenario-run.ts', () => ({ runScenario: watch('run') }));
vi.mock('../../../simulator/live/target-run.ts', () => ({ runTarget: watch('target') }));
vi.mock('../../../simulator/conform/conform.ts', async (original) => ({
  ...(await original<object>()),
  conform: watch('conform'),
}));
vi.mock('../../../simulator/check/judge.ts', () => ({ judge: watch('judge') }));
vi.mock('../../../simulator/check/checking.ts', () => ({ checkTestCases: watch('check') }));

let folder = '';
let platform: AskedService;
let apiIot: AskedService;
beforeAll(async () => {
  folder = await newTemporaryFolder();
  await writeSecrets(folder);
  await mkdir(join(folder, 'models'));
  await cp(join(shippedModelsFolder(), 'cirrus-2025.yaml'), join(folder, 'models', 'cirrus-2025.yaml'));
  await cp(shippedCatalogueFolder(), join(folder, 'catalogue'), { recursive: true });
  const offers = [{ duration: { unit: 'permanent' }, price: { amountMinor: 990, currency: 'EUR' } }];
  const services = [{ id: 'night-glow', name: 'Night glow', feature: 'ambient_light', offers }];
  await writeFile(join(folder, 'glow.json'), JSON.stringify({ services }));
  await writeFile(join(folder, 'policy.yaml'), 'maxRetries: 2\n');
  platform = await askedService(() => {
    signal.send();
    return { id: 'x', events: [], next: null };
  });
  apiIot = await askedService(() => ({ callbacks: [], next: null }));
});
afterAll(async () => {
  await platform.close();
  await apiIot.close();
  await removeFolder(folder);
});
beforeEach(() => {
  given.current = {};
  platform.requests.length = 0;
  apiIot.requests.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
});

type Environment = Readonly<Record<string, string>>;

/** What the watched part of a command was given, as the first of its parameters or all of them. */
async function givenTo<Given>(
  part: string,
  parameters: readonly string[],
  environment: Environment = {},
): Promise<Given> {
  given.current = {};
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { error } = await inProcess(parameters);
  vi.unstubAllEnvs();
  expect(error).toBe(`watched: ${part}`);
  return given.current[part] as Given;
}

const fleetPlaces = () => ['--platform-url', platform.url, '--api-iot-url', apiIot.url, '--data', folder];
const fleet = ['fleet', '--vehicles', '1', '--control-port', '0'];

describe('fleetwake fleet', () => {
  const mqttUrlOf = async (parameters: readonly string[], environment: Environment = {}) => {
    const call = [...fleet, ...fleetPlaces(), ...parameters];
    const [{ url }] = await givenTo<[{ url: string }]>('mqttLink', call, environment);
    return url;
  };

  it('connects its vehicles to the broker of --mqtt-url or MQTT_URL', async () => {
    expect(await mqttUrlOf([])).toBe('mqtt://127.0.0.1:1883');
    expect(await mqttUrlOf(['--mqtt-url', 'mqtt://127.0.0.1:7'])).toBe('mqtt://127.0.0.1:7');
    expect(await mqttUrlOf([], { MQTT_URL: 'mqtt://127.0.0.1:8' })).toBe('mqtt://127.0.0.1:8');
  });

  it('logs at the level of --log-level or FLEETWAKE_LOG_LEVEL', async () => {
    await mqttUrlOf([]);
    expect(given.current.logLevel).toBe('warn');
    await mqttUrlOf(['--log-level', 'error']);
    expect(given.current.logLevel).toBe('error');
    await mqttUrlOf([], { FLEETWAKE_LOG_LEVEL: 'info' });
    expect(given.current.logLevel).toBe('info');
  });

  it('registers its vehicles at --platform-url and --api-iot-url, or at the addresses of their variables', async () => {
    const variables = {
      FLEETWAKE_PLATFORM_URL: platform.url,
      API_IOT_URL: apiIot.url,
      FLEETWAKE_DATA: folder,
    };
    for (const [parameters, environment] of [
      [fleetPlaces(), {}],
      [[], variables],
    ] as const) {
      platform.requests.length = 0;
      apiIot.requests.length = 0;
      await givenTo('mqttLink', [...fleet, ...parameters], environment);
      const paths = [platform, apiIot].map(({ requests }) => requests.map((line) => line.split(' ')[1]));
      expect(paths).toEqual([
        ['/registrations', '/registrations'],
        // The first asks who has the vehicles, and changes nothing.
        ['/provisioning/vehicles', '/provisioning/vehicles'],
      ]);
    }
  });

  it('runs vehicles of the models of --models', async () => {
    await givenTo('mqttLink', [...fleet, ...fleetPlaces(), '--models', join(folder, 'models')]);
    expect(apiIot.requests[0]).toContain('"model":"cirrus-2025"');
    apiIot.requests.length = 0;
    await givenTo('mqttLink', [...fleet, ...fleetPlaces()]);
    expect(apiIot.requests[0]).not.toContain('"model":"cirrus-2025"');
  });
});

describe('fleetwake fleet at NATS', () => {
  const natsOf = async (parameters: readonly string[], environment: Environment = {}) => {
    const call = [...fleet, ...fleetPlaces(), ...parameters];
    const [{ config, hasTelemetry }] = await givenTo<[{ config: GatewayConfig; hasTelemetry: boolean }]>(
      'nats',
      call,
      environment,
    );
    return { ...config, hasTelemetry };
  };
  const url = ['--nats-url', 'nats://127.0.0.1:7'];

  it('takes each option of the connection from its flag or its variable', async () => {
    const flags = {
      natsUrl: ['--nats-url', 'nats://127.0.0.1:7'],
      natsPrefix: ['--nats-prefix', 'shop'],
      natsUser: ['--nats-user', 'ana', '--nats-password', 'pw'],
      natsPassword: ['--nats-password', 'pw', '--nats-user', 'ana'],
      natsCredentials: ['--nats-creds', 'fleet.creds'],
      natsNkey: ['--nats-nkey', 'fleet.nk'],
      natsCa: ['--nats-ca', 'ca.pem'],
      natsCertificate: ['--nats-cert', 'c.pem', '--nats-key', 'k.pem'],
      natsKey: ['--nats-key', 'k.pem', '--nats-cert', 'c.pem'],
    } as const;
    for (const [name, parameters] of Object.entries(flags)) {
      const key = name as keyof typeof flags;
      const others = key === 'natsUrl' ? [] : url;
      expect(String((await natsOf([...others, ...parameters]))[key])).toBe(parameters[1]);
      const [, text = '', companion = '', companionText = ''] = parameters;
      const environment = { [options[key].environment]: text };
      const more = companion === '' ? [] : [companion, companionText];
      expect(String((await natsOf([...others, ...more], environment))[key])).toBe(text);
    }
  });

  it('publishes telemetry with --telemetry-nats alone', async () => {
    expect((await natsOf(url)).hasTelemetry).toBe(false);
    expect((await natsOf([...url, '--telemetry-nats'])).hasTelemetry).toBe(true);
  });
});

describe('fleetwake up', () => {
  it('publishes telemetry at NATS with --telemetry-nats alone', async () => {
    const of = async (parameters: readonly string[]) => {
      const call = ['up', '--data', folder, ...parameters];
      const [{ fleetNats }] = await givenTo<[{ fleetNats: unknown }]>('up', call);
      return fleetNats;
    };
    expect(await of([])).toEqual({ hasTelemetry: false });
    expect(await of(['--telemetry-nats'])).toEqual({ hasTelemetry: true });
  });

  const upOf = async (parameters: readonly string[], environment: Environment = {}) => {
    const [{ config }] = await givenTo<[{ config: GatewayConfig }]>('up', ['up', ...parameters], environment);
    return config;
  };
  // Files and folders of these are read before anything starts.
  const places: Partial<Record<keyof GatewayConfig, string>> = { catalogue: 'catalogue', data: 'data' };
  // Without these they have no effect, and are refused.
  const nats = { natsUrl: 'nats://127.0.0.1:4222' };
  const webhook = {
    ticketWebhookUrl: 'https://tickets.example',
    ticketWebhookSecret: `whsec_${'a'.repeat(32)}`,
  };
  const issuer = { trustedIssuer: 'https://id.example/', trustedJwks: 'https://id.example/keys' };
  const needed: Partial<Record<keyof GatewayConfig, Readonly<Record<string, string>>>> = {
    natsPrefix: nats,
    natsReplicas: nats,
    ...{ natsUser: nats, natsPassword: nats, natsCredentials: nats, natsNkey: nats },
    ...{ natsCa: nats, natsCertificate: nats, natsKey: nats },
    natsPlacementCluster: nats,
    natsPlacementTags: nats,
    ticketWebhookFormat: webhook,
    tokenLeewaySeconds: issuer,
  };
  const keys = (Object.keys(options) as (keyof GatewayConfig)[]).filter((key) => key !== 'pushPrivate');

  it.each(keys)('starts with %s of its flag, and with that of its variable', async (key) => {
    const row = rows[key];
    const place = places[key];
    const text = place === undefined ? row.text : join(folder, place);
    const value = place === undefined ? row.value : text;
    const elsewhere = key === 'data' ? [] : ['--data', folder];
    const others = [...companionsOf({ ...row, with: { ...row.with, ...needed[key] } }), ...elsewhere];
    const fromFlag = await upOf([...parametersOf(key, text), ...others]);
    expect(whole(fromFlag[key])).toEqual(value);
    const fromVariable = await upOf(others, { [options[key].environment]: text });
    expect(whole(fromVariable[key])).toEqual(value);
    expect((await upOf(elsewhere))[key]).not.toEqual(value);
  });
});

describe('fleetwake stand-ins', () => {
  type Given = [
    deps: { dataFolder: string },
    settings: { apiKey: string; webhook: { url(): string; secret: string } },
  ];
  const paymentsOf = async (parameters: readonly string[], environment: Environment = {}) => {
    const call = ['stand-ins', '--payments-port', '0', ...parameters];
    const [{ dataFolder }, { apiKey, webhook }] = await givenTo<Given>('payments', call, environment);
    return [dataFolder, apiKey, webhook.url(), webhook.secret, given.current.logLevel];
  };

  it('takes each option from its flag or its variable', async () => {
    const data = join(folder, 'made');
    const key = 'sk_test_given';
    const secret = `whsec_${Buffer.from('given'.repeat(8)).toString('base64')}`;
    const expected = [data, key, 'http://127.0.0.1:7/callbacks/payments', secret, 'error'];
    const [, ownKey, ...own] = await paymentsOf(['--data', data]);
    expect(ownKey).not.toBe(key);
    expect(own).toEqual(['http://127.0.0.1:8080/callbacks/payments', expect.any(String), 'warn']);
    const flags = ['--data', data, '--payments-key', key, '--payments-webhook-secret', secret];
    const flagsOfOthers = ['--platform-url', 'http://127.0.0.1:7', '--log-level', 'error'];
    expect(await paymentsOf([...flags, ...flagsOfOthers])).toEqual(expected);
    const variables = {
      FLEETWAKE_DATA: data,
      PAYMENTS_KEY: key,
      PAYMENTS_WEBHOOK_SECRET: secret,
      FLEETWAKE_PLATFORM_URL: 'http://127.0.0.1:7',
      FLEETWAKE_LOG_LEVEL: 'error',
    };
    expect(await paymentsOf([], variables)).toEqual(expected);
  });
});

describe('fleetwake run --live', () => {
  interface Given {
    readonly config: GatewayConfig;
    readonly catalogueFolder?: string;
    readonly models?: readonly { readonly id: string }[];
    readonly seed: number;
  }
  const runOf = async (parameters: readonly string[], environment: Environment = {}) => {
    const [run] = await givenTo<[Given]>('run', ['run', 'default', '--live', ...parameters], environment);
    const { config, catalogueFolder, models, seed } = run;
    return {
      seed,
      natsUrl: String(config.natsUrl),
      install: config.install,
      logLevel: given.current.logLevel,
      catalogueFolder,
      models: models?.map(({ id }) => id),
      adapter: config.apiIotAdapter,
    };
  };
  const plain = {
    ...{ seed: 1, natsUrl: 'null', install: 'no', logLevel: 'error', adapter: null },
    ...{ catalogueFolder: undefined, models: undefined },
  };

  it.each([
    ['--seed', ['--seed', '7'], {}, { seed: 7 }],
    ['--nats-url', ['--nats-url', 'nats://127.0.0.1:1'], {}, { natsUrl: 'nats://127.0.0.1:1' }],
    ['NATS_URL', [], { NATS_URL: 'nats://127.0.0.1:1' }, { natsUrl: 'nats://127.0.0.1:1' }],
    ['--install', ['--install'], {}, { install: 'yes' }],
    ['FLEETWAKE_INSTALL', [], { FLEETWAKE_INSTALL: 'yes' }, { install: 'yes' }],
    ['--log-level', ['--log-level', 'info'], {}, { logLevel: 'info' }],
    ['FLEETWAKE_LOG_LEVEL', [], { FLEETWAKE_LOG_LEVEL: 'info' }, { logLevel: 'info' }],
  ] as const)('hands %s on to the run', async (_, parameters, environment, change) => {
    expect(await runOf([])).toEqual(plain);
    expect(await runOf(parameters, environment)).toEqual({ ...plain, ...change });
  });

  it('hands on the catalogue of --catalogue and the adapter of --adapter', async () => {
    const catalogue = join(folder, 'catalogue');
    const adapter = join(shippedAdaptersFolder(), 'synchronous.yaml');
    expect(await runOf(['--catalogue', catalogue])).toMatchObject({ catalogueFolder: catalogue });
    expect((await runOf(['--adapter', adapter])).adapter).not.toBe(null);
  });
});

describe('fleetwake run --target', () => {
  it('gives every part the port of its flag or its variable, and asks the engine at --target', async () => {
    const mapping = resolve('docs/examples/own-engine.mapping.yaml');
    const call = ['run', 'default', '--target', 'http://127.0.0.1:7/orders', '--mapping', mapping];
    const flagsOfPorts = {
      ...{ 'api-iot': '--api-iot-port', mqtt: '--mqtt-port', payments: '--payments-port' },
      ...{ smtp: '--smtp-port', push: '--push-port', mail: '--mail-port' },
    };
    const ports = await Promise.all(
      Object.entries(flagsOfPorts).map(async ([name, flag]) => [name, flag, await freePort()] as const),
    );
    interface Given {
      readonly config: GatewayConfig;
      readonly ports: Readonly<Record<string, number>>;
      readonly target: string;
      readonly mapping: { readonly payment: object };
    }
    const portsOf = async (parameters: readonly string[], environment: Environment = {}) => {
      const [run] = await givenTo<[Given]>('target', [...call, ...parameters], environment);
      expect([run.target, run.mapping.payment]).toEqual(['http://127.0.0.1:7/orders', expect.any(Object)]);
      const { apiIotPort, mqttPort } = run.config;
      return { 'api-iot': apiIotPort, mqtt: mqttPort, ...run.ports, control: undefined };
    };
    const flags = ports.flatMap(([, flag, port]) => [flag, String(port)]);
    const expected = Object.fromEntries(ports.map(([name, , port]) => [name, port]));
    expect(await portsOf(flags)).toEqual({ ...expected, control: undefined });
    const variables = { API_IOT_PORT: '8181', MQTT_PORT: '1983' };
    expect(await portsOf([], variables)).toMatchObject({ 'api-iot': 8_181, mqtt: 1_983 });
    expect(await portsOf([])).toMatchObject({ 'api-iot': 8_081, mqtt: 1_883, payments: 8_082, smtp: 1_025 });
  });
});

describe('fleetwake conform', () => {
  interface Given {
    readonly settings: Readonly<Record<string, unknown>> & { readonly adapter: { readonly name: string } };
    readonly callbacks: { readonly url: string; readonly secret: string | null };
  }
  const needed = ['conform', 'http://127.0.0.1:7', '--client-secret', 's', '--vin', 'V1'];
  const conformOf = async (...parameters: readonly string[]) => {
    const [subject, names] = await givenTo<[Given, readonly string[] | null]>('conform', [
      ...needed,
      ...parameters,
    ]);
    const { adapter, restart, ...settings } = subject.settings;
    return {
      ...settings,
      adapter: adapter.name,
      hasRestart: restart !== null,
      callbackUrl: subject.callbacks.url.replace(/:\d+\/.*/, ''),
      callbackSecret: subject.callbacks.secret,
      names,
    };
  };
  const plain = {
    ...{ origin: 'http://127.0.0.1:7', clientId: 'engine', clientSecret: 's', vin: 'V1' },
    ...{ feature: 'heated_seats', quotaVin: null, offlineVin: null, lateVin: null, quota: 10 },
    ...{ endMaxMs: 360_000, adapter: 'fleetwake', hasRestart: false, names: null },
    ...{ callbackUrl: 'http://127.0.0.1', callbackSecret: null },
  };

  it.each([
    ['--adapter', join(shippedAdaptersFolder(), 'synchronous.yaml'), { adapter: 'synchronous' }],
    ['--client-id', 'other', { clientId: 'other' }],
    ['--client-secret', 'another', { clientSecret: 'another' }],
    ['--vin', 'V2', { vin: 'V2' }],
    ['--feature', 'sport_mode', { feature: 'sport_mode' }],
    ['--quota-vin', 'V3', { quotaVin: 'V3' }],
    ['--offline-vin', 'V4', { offlineVin: 'V4' }],
    ['--late-vin', 'V5', { lateVin: 'V5' }],
    ['--quota', '3', { quota: 3 }],
    ['--wait', '20 s', { endMaxMs: 20_000 }],
    ['--callback-url', 'http://me.example:7/x', { callbackUrl: 'http://me.example' }],
    ['--callback-secret', 'whsec_x', { callbackSecret: 'whsec_x' }],
    ['--restart', 'true', { hasRestart: true }],
    ['--only', 'token_issued', { names: ['token_issued'] }],
  ])('tries the claims with the value of %s', async (flag, value, change) => {
    expect(await conformOf()).toEqual(plain);
    expect(await conformOf(flag, value)).toEqual({ ...plain, ...change });
  });

  it('listens for callbacks on --callback-port', async () => {
    const port = await freePort();
    const call = [...needed, '--callback-port', String(port)];
    const [{ callbacks }] = await givenTo<[Given]>('conform', call);
    expect(new URL(callbacks.url).port).toBe(String(port));
  });
});

interface OwnSubject {
  readonly catalogue?: { services(): readonly { readonly id: string }[] };
  readonly policies?: readonly { readonly maxRetries: number }[];
}
const servicesOf = ({ catalogue }: OwnSubject) => catalogue?.services().map(({ id }) => id);

describe('fleetwake check', () => {
  type Given = [settings: OwnSubject & { seed: number; runs: number; minutes: number | null }];
  const check = ['check', '--workers', '1', '--corpus', 'none'];
  const drawn = async (...parameters: readonly string[]) => {
    const [settings] = await givenTo<Given>('check', [...check, ...parameters]);
    const { seed, runs, minutes, policies } = settings;
    const retries = policies?.map(({ maxRetries }) => maxRetries);
    return { seed, runs, minutes, services: servicesOf(settings), retries };
  };
  const plain = { seed: 1, runs: 2_000, minutes: null, services: undefined, retries: undefined };

  it.each([
    ['--runs', '7', { runs: 7 }],
    ['--minutes', '0.5', { runs: 1_000_000, minutes: 0.5 }],
    ['--seed', '3', { seed: 3 }],
    // With the retry policy of its service, which is the standard one.
    ['--catalogue', 'FOLDER/glow.json', { services: ['night-glow'], retries: [5] }],
    ['--policy', 'FOLDER/policy.yaml', { retries: [2] }],
  ])('draws test cases as %s says', async (flag, value, change) => {
    expect(await drawn()).toEqual(plain);
    expect(await drawn(flag, value.replace('FOLDER', folder))).toEqual({ ...plain, ...change });
  });
});

describe('fleetwake replay', () => {
  it('judges the saved test case with the services of --catalogue', async () => {
    type Given = [testCase: object, settings: OwnSubject];
    const replay = ['replay', 'test/regressions/evidence-in-a-try.json'];
    expect((await givenTo<Given>('judge', replay))[1]).toEqual({});
    const [, own] = await givenTo<Given>('judge', [...replay, '--catalogue', join(folder, 'glow.json')]);
    expect(servicesOf(own)).toEqual(['night-glow']);
  });
});

describe('the variables of commands that ask a gateway', () => {
  const vin = '1M8GDM9AXKP042788';
  /** A call of each command that has a variable in its help and is not tested above, or in running-options.live.test.ts. */
  const calls: Readonly<Record<string, string>> = {
    ...{ vehicle: `vehicle ${vin}`, purchase: 'purchase', activation: 'activation', ticket: 'ticket' },
    'purchase record': 'purchase record x',
    'activation show': 'activation show x',
    ...{ settlement: 'settlement', restore: 'restore', notification: 'notification', parked: 'parked' },
    ...{ incident: 'incident', 'webhook-event': 'webhook-event', 'webhook-resume': 'webhook-resume' },
    ...{ buy: `buy ${vin} heated-seats`, events: 'events --count 1' },
    ...{ pause: 'pause --reason r', resume: 'resume', requeue: 'requeue act_1' },
    'reconcile-payments': 'reconcile-payments',
    ...{ cancel: 'cancel p1', 'customer export': 'customer export ana' },
    'customer erase': 'customer erase ana --yes',
    register: `register ${vin} --replace`,
    'fault add': 'fault add offline',
    'fault list': 'fault list',
    'fault remove': 'fault remove f',
    'fault clear': 'fault clear',
  };
  const ownTests = [
    'console',
    'fleet',
    'stand-ins',
    'run',
    'gateway',
    'up',
    'config check',
    'mosquitto-accounts',
    'backup',
  ];

  it('are those of the help, each of a command with a case', async () => {
    const named = await everyEnvironmentName();
    expect([...new Set(named.map(([command]) => command))].toSorted()).toEqual(
      [...Object.keys(calls), ...ownTests].toSorted(),
    );
    const known = ['FLEETWAKE_DATA', 'FLEETWAKE_PLATFORM_URL', 'FLEETWAKE_CONTROL_URL', 'API_IOT_URL'];
    const others = named.filter(([command, name]) => command in calls && !known.includes(name));
    expect(others).toEqual([]);
  });

  it('take effect at: backup', async () => {
    vi.stubEnv('FLEETWAKE_DATA', '/nowhere');
    const { error } = await inProcess(['backup', join(folder, 'backup')]);
    expect(error).toBe("there is no keys.json in /nowhere: give the gateway's data folder with --data");
  });

  it('take effect at: mosquitto-accounts', async () => {
    vi.stubEnv('FLEETWAKE_DATA', '/nowhere');
    const { error } = await inProcess(['mosquitto-accounts', '--out', join(folder, 'accounts')]);
    expect(error).toBe("there is no keys.json in /nowhere: give the gateway's data folder with --data");
  });

  it.each(Object.entries(calls))('take effect at: %s', async (command, call) => {
    const names = (await everyEnvironmentName()).filter(([one]) => one === command).map(([, name]) => name);
    const places: Record<string, string> = {
      FLEETWAKE_DATA: folder,
      FLEETWAKE_PLATFORM_URL: platform.url,
      FLEETWAKE_CONTROL_URL: platform.url,
      API_IOT_URL: apiIot.url,
    };
    const asked = async (changes: Environment) => {
      platform.requests.length = 0;
      apiIot.requests.length = 0;
      for (const name of names) vi.stubEnv(name, changes[name] ?? places[name] ?? '');
      const { error } = await inProcess(call.split(' '));
      vi.unstubAllEnvs();
      return { error, requests: platform.requests.length + apiIot.requests.length };
    };
    const plain = await asked({});
    expect(plain.requests).toBeGreaterThan(0);
    for (const name of names) {
      const nowhere = name === 'FLEETWAKE_DATA' ? '/nowhere' : 'http://127.0.0.1:1';
      const { error, requests } = await asked({ [name]: nowhere });
      expect([name, requests < plain.requests]).toEqual([name, true]);
      // What the API IoT knows of an activation is left out where it cannot be asked.
      if (command !== 'activation show' || name !== 'API_IOT_URL') expect(error).toContain(nowhere);
    }
  });
});
