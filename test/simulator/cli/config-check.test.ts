import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';
import { shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { type ConfigReport, configReport } from '../../../simulator/cli/config.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from './command-in-process.ts';

let folder = '';
beforeEach(async () => {
  folder = await newTemporaryFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await removeFolder(folder);
});

const check = (...flags: readonly string[]) => inProcess(['config', 'check', '--data', folder, ...flags]);
const reportOf = async (...flags: readonly string[]) =>
  JSON.parse((await check('--json', ...flags)).stdout) as ConfigReport;
const inFolder = (name: string) => join(folder, name);

/** A copy of the shipped catalogue whose services.json was changed. */
async function catalogueWith(change: (text: string) => string): Promise<string> {
  const catalogue = inFolder('catalogue');
  await cp(shippedCatalogueFolder(), catalogue, { recursive: true });
  const file = join(catalogue, 'services.json');
  await writeFile(file, change(await readFile(file, 'utf8')));
  return catalogue;
}

it('prints every effective value with its source, and ends with 0 where a gateway can start', async () => {
  vi.stubEnv('API_IOT_QUOTA', '5');
  await writeFile(inFolder('secret'), 'sk_test_marked\n');
  vi.stubEnv('PAYMENTS_KEY_FILE', inFolder('secret'));
  const { exitCode, stdout, stderr } = await check(
    ...['--payments-url', 'http://127.0.0.1:8082', '--smtp-url', 'smtp://u:marked@127.0.0.1'],
    ...['--time-scale', '60'],
  );
  expect([exitCode, stderr]).toEqual([0, '']);
  for (const row of [
    /│ --quota +│ 5 +│ API_IOT_QUOTA +│/,
    /│ --time-scale +│ 60 +│ --time-scale +│/,
    /│ --payments-key +│ \*\*\* +│ PAYMENTS_KEY_FILE +│/,
    /│ --smtp-url +│ smtp:\/\/127\.0\.0\.1 +│ --smtp-url +│/,
    /│ --port +│ 8080 +│ default +│/,
  ])
    expect(stdout).toMatch(row);
  expect(stdout.endsWith('ok: a gateway can start with this configuration\n')).toBe(true);
  expect(stdout).not.toContain('marked');
});

it('names each problem with its flag or its variable, all at once, and ends with 2', async () => {
  vi.stubEnv('API_IOT_QUOTA', 'many');
  vi.stubEnv('MQTT_PORT', '9000');
  vi.stubEnv('MAIL_FROM', 'nobody');
  const { exitCode, stdout } = await check(
    ...['--port', '9000', '--api-iot-callback-secret', 'short', '--trusted-issuer', 'https://id.example'],
    ...['--support-roster', '/nowhere', '--mail-ca', '/nowhere', '--nats-replicas', '3'],
  );
  expect(exitCode).toBe(2);
  const { problems } = await reportOf(
    ...['--port', '9000', '--api-iot-callback-secret', 'short', '--trusted-issuer', 'https://id.example'],
    ...['--support-roster', '/nowhere', '--mail-ca', '/nowhere', '--nats-replicas', '3'],
  );
  expect(problems.map(({ source, problem }) => `${source}: ${problem}`)).toEqual([
    'MAIL_FROM: must be an address such as "CaaS <no-reply@example.org>", not "nobody"',
    'API_IOT_QUOTA: must be a whole number from 1 to 100000, not "many"',
    '--trusted-issuer: --trusted-issuer and --trusted-jwks must be given together',
    '--api-iot-callback-secret: must be whsec_ and at least 24 bytes in base64',
    'MQTT_PORT: port 9000 is that of --port: choose another',
    '--support-roster: /nowhere cannot be read: there is no such file; correct the path',
    '--mail-ca: /nowhere cannot be read (there is no such file): correct the path',
    '--nats-replicas: has no effect, because a nats-server that is started here is alone: give --nats-url as well: leave it out',
    '--mail-ca: has no effect, because no --smtp-url is given: leave it out',
  ]);
  expect(stdout).toContain('✗ API_IOT_QUOTA: must be a whole number from 1 to 100000, not "many"\n');
  expect(stdout.endsWith('9 problems: a gateway cannot start with this configuration\n')).toBe(true);
});

it('names the line of the catalogue where a currency is none of ISO 4217, or an amount cannot be charged', async () => {
  const wrong = await catalogueWith((text) => text.replace('"EUR"', '"EUX"'));
  const file = join(wrong, 'services.json');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const at = lines.findIndex((line) => line.includes('EUX')) + 1;
  expect((await reportOf('--catalogue', wrong)).problems).toEqual([
    {
      source: `${file}:${at}`,
      problem:
        'services[0].offers[0].price.currency is "EUX"; write a currency that ISO 4217 knows, such as EUR.',
    },
  ]);
  const uneven = await catalogueWith((text) =>
    text
      .replace(/"amountMinor": \d+,(\s+)"currency": "EUX"/, '"amountMinor": 1001,$1"currency": "KWD"')
      .replace(/"amountMinor": \d+,(\s+)"currency": "EUR"/, '"amountMinor": 1001,$1"currency": "KWD"'),
  );
  const [problem] = (await reportOf('--catalogue', uneven)).problems;
  expect(problem?.problem).toMatch(
    /^1\.001.KWD cannot be charged by the payment service: correct the amount$/,
  );
  expect(problem?.source).toMatch(/services\.json:\d+$/);
});

it('names the line of an adapter whose pointer finds nothing, and ends with 2', async () => {
  const shipped = await readFile(join(shippedAdaptersFolder(), 'synchronous.yaml'), 'utf8');
  const file = inFolder('my.yaml');
  await writeFile(file, shipped.replace('commands: /entries', 'commands: /jobs'));
  const { exitCode, stdout } = await check('--adapter', file, '--json');
  expect(exitCode).toBe(2);
  expect((JSON.parse(stdout) as ConfigReport).problems).toEqual([
    {
      source: `${file}:31:13`,
      problem:
        'history.commands is "/jobs", which finds nothing in history.example; write the pointer to it, or correct the example',
    },
  ]);
});

it('names the line of a roster and of keys that cannot be used', async () => {
  const shifts = '"shifts": [{ "weekdays": [1], "from": "9", "to": "17:00" }]';
  await writeFile(
    inFolder('roster.json'),
    `[\n  { "name": "Grace", "utcOffset": "+01:00",\n    ${shifts} }\n]\n`,
  );
  await writeFile(inFolder('keys.json'), '{\n  "engineSecret": "x",\n  "signingKey": 5\n}\n');
  expect((await reportOf('--support-roster', inFolder('roster.json'))).problems).toEqual([
    {
      source: `${inFolder('keys.json')}:3`,
      problem: 'signingKey is no text: restore the file, or remove the key to have a new one made',
    },
    {
      source: `${inFolder('roster.json')}:3`,
      problem: expect.stringContaining('0.shifts.0.from: '),
    },
  ]);
});

it('reports impossible roles, folders and secret files with the errors of a start', async () => {
  vi.stubEnv('DATABASE_URL_FILE', '/nowhere');
  await writeFile(inFolder('file'), '');
  const report = await reportOf('--roles', 'api-iot', '--data', inFolder('file'));
  expect(report.problems).toEqual([
    {
      source: 'DATABASE_URL_FILE',
      problem: '/nowhere cannot be read (there is no such file): correct the path',
    },
    { source: '--roles', problem: '--roles: api-iot needs a broker: name broker as well, or set MQTT_URL' },
    {
      source: '--data',
      problem: `${inFolder('file')} is no folder: name a folder, or a path where one can be made`,
    },
  ]);
});

it('notes what a gateway would start without: services to sell with, and variables without effect', async () => {
  await mkdir(inFolder('data'));
  const { ok, notes } = configReport({ data: inFolder('data') }, { TOKEN_LEEWAY: '5' });
  expect([ok, notes.map(({ source, problem }) => `${source}: ${problem}`)]).toEqual([
    true,
    [
      'TOKEN_LEEWAY: has no effect, because no --trusted-issuer is given: leave it out',
      'default: This gateway has no payment service: set PAYMENTS_URL (--payments-url), or start a stand-in with "fleetwake stand-ins".',
      'default: This gateway has no mail server: set SMTP_URL (--smtp-url), or start a stand-in with "fleetwake stand-ins".',
    ],
  ]);
});

it('compares the ports of what runs, and of nothing else', async () => {
  const problemsOf = async (...flags: string[]) =>
    (await reportOf(...flags)).problems.map(({ problem }) => problem);
  const metrics = ['--metrics-port', '9464', '--health-port', '9464'];
  expect(await problemsOf('--roles', 'engine', ...metrics)).toEqual([
    'port 9464 is that of --metrics-port: choose another',
  ]);
  vi.stubEnv('MQTT_PORT', '9000');
  expect(await problemsOf('--port', '9000')).toEqual(['port 9000 is that of --port: choose another']);
  vi.stubEnv('API_IOT_URL', 'http://127.0.0.1:9');
  expect(await problemsOf('--port', '9000', '--roles', 'platform,engine')).toEqual([]);
});
