import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { type Child, startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { startPostgresServer } from '../helpers/postgres.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, startFleetwake } from './command.ts';
import { around } from './marks.ts';

beforeAll(buildWhenOutdated, 300_000);

const mark = 'm4rk-of-a-secret';

/** A nats-server that lets in `u` with the mark. */
async function startNats(folder: string, port: number): Promise<Child> {
  mkdirSync(join(folder, 'nats'), { recursive: true });
  const configuration = join(folder, 'nats', 'nats.conf');
  writeFileSync(
    configuration,
    `listen: "127.0.0.1:${port}"
jetstream { store_dir: "${join(folder, 'nats')}" }
authorization { user: u, password: "${mark}" }
`,
  );
  const child = startChild('/usr/sbin/nats-server', ['--config', configuration], folder);
  await until(() => child.output().includes('Server is ready'), `nats-server listens on ${port}`);
  return child;
}

/** Every text of every table of a PostgreSQL database. */
async function rowsOf(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'",
    );
    const rows: unknown[] = [];
    for (const { name } of tables.rows) rows.push((await client.query(`select * from ${name}`)).rows);
    expect(rows.length).toBeGreaterThan(10);
    return JSON.stringify(rows);
  } finally {
    await client.end();
  }
}

const withFolders = (work: (folder: string, postgresFolder: string) => Promise<void>) =>
  withTemporaryFolder((folder) => withTemporaryFolder((postgresFolder) => work(folder, postgresFolder)));

test(
  'shows no secret when NATS, the MQTT broker and PostgreSQL end one after another while the gateway runs',
  () =>
    withFolders(async (folder, postgresFolder) => {
      const postgres = await startPostgresServer(postgresFolder);
      const natsPort = await freePort();
      let nats = await startNats(folder, natsPort);
      let mosquitto = await startMosquitto(folder);
      const { port: mqttPort } = mosquitto;
      const marked = (url: string) =>
        url.replace('//', `//fleetwake:${mark}@`).replace('fleetwake@127', '127');
      const environment = {
        DATABASE_URL: postgres.url.replace('fleetwake@', `fleetwake:${mark}@`),
        NATS_URL: `nats://u:${mark}@127.0.0.1:${natsPort}`,
        MQTT_URL: marked(`mqtt://127.0.0.1:${mqttPort}?token=${mark}`),
        MQTT_PASSWORD: mark,
        PAYMENTS_URL: 'http://127.0.0.1:1',
        PAYMENTS_KEY: `sk_test_${mark}`,
        SMTP_URL: `smtp://u:${mark}@127.0.0.1:1?token=${mark}`,
        FLEETWAKE_LOG_LEVEL: 'debug',
        FLEETWAKE_DEBUG: '1',
        FLEETWAKE_TIME_SCALE: '100',
      };
      const gateway = startFleetwake(folder, ['gateway', '--port', '0', '--api-iot-port', '0'], environment);
      const answers: string[] = [];
      try {
        await until(
          () => gateway.stdout().endsWith('\n') || gateway.process.exitCode !== null,
          `it starts: ${gateway.stderr()}`,
        );
        const places = JSON.parse(gateway.stdout()) as { platform: string; apiIot: string };
        const { platform } = clientsOf(await openKeys(join(folder, '.fleetwake')), places);
        const vin = '1M8GDM9AXKP042788';
        const registered = await platform.send('POST', '/registrations', {
          customers: [{ id: 'ana', name: 'Ana', email: 'ana@example.com', language: 'en' }],
          vehicles: [{ vin, model: 'aurora-2026', modelName: 'Aurora', customerId: 'ana' }],
        });
        expect(registered.status).toBe(200);
        const order = {
          ...{ customerId: 'ana', vin, serviceId: 'heated-seats', paymentMethod: 'pm_card_visa' },
          duration: { unit: 'months', count: 1 },
        };
        /** What callers read while a part is away, and that the part's end was noticed. */
        const look = async (noticed: RegExp) => {
          await until(
            () => noticed.test(gateway.stderr()),
            `${noticed} in ${gateway.stderr().slice(-2_000)}`,
          );
          for (const path of ['/readyz', '/metrics', '/activations', '/incidents?status=open'])
            answers.push(await platform.get(path).then(({ text }) => text, String));
          answers.push(await platform.send('POST', '/purchases', order).then(({ text }) => text, String));
        };
        await nats.stop('SIGKILL');
        await look(/"event":"bus\.disconnected"/);
        await mosquitto.stop();
        await look(/"event":"(link\.|api_iot\.link_)/);
        await postgres.kill();
        await look(/ECONNREFUSED|terminat|Connection terminated/);
        await postgres.start();
        nats = await startNats(folder, natsPort);
        mosquitto = await startMosquitto(folder, mqttPort);
        await until(() => /"event":"bus\.reconnected"/.test(gateway.stderr()), 'the bus is back');
        await until(
          async () => (await platform.get('/activations').catch(() => null))?.status === 200,
          'the database is back',
        );
      } finally {
        gateway.process.kill('SIGTERM');
        await gateway.exitCode();
        await nats.stop();
        await mosquitto.stop();
      }
      const rows = await rowsOf(postgres.url);
      await postgres.stop();
      expect(answers).toHaveLength(15);
      for (const text of [gateway.stdout(), gateway.stderr(), ...answers, rows])
        expect(around(text, mark)).toBe('');
    }),
  240_000,
);

const scenario = `name: each-part-fails-once
description: Every service around the gateway fails while customers buy.
timeScale: 200
vehicles: { count: 6 }
customers: { languages: [en], pushShare: 1 }
purchases: { count: 6, overMs: 500 }
faults:
  vehicles:
    - { name: gone, type: offline, mode: fixed, value: 1, attributes: { afterMs: [0, 0], forMs: null } }
  list:
    - { name: no mail, layer: services, type: smtp_down, schedule: { forMs: 2000, first: 1 } }
    - { name: no push, layer: services, type: push_down, schedule: { forMs: 2000, first: 1 } }
    - { name: refused, layer: services, type: unauthorized, target: { service: api_iot }, schedule: { forMs: 500, first: 1 } }
    - { name: broken, layer: services, type: server_error, target: { service: payments }, attributes: { status: 503 }, schedule: { forMs: 500, first: 1 } }
`;

/** Every secret text in the key files of a data folder: tokens, keys and the private members of JWKs. */
function secretsIn(data: string): string[] {
  const texts = ['keys.json', 'control.json'].flatMap((name) =>
    readdirSync(data).includes(name)
      ? Object.values(JSON.parse(readFileSync(join(data, name), 'utf8')) as Record<string, string>)
      : [],
  );
  return texts.flatMap((text) => {
    if (!text.startsWith('{')) return [text];
    const { d, privateKey } = JSON.parse(text) as { d?: string; privateKey?: string };
    return [d, privateKey].filter((member) => member !== undefined);
  });
}

test(
  'shows no secret in the log of `run --live` at debug, nor in its JSON, JUnit, Markdown and HTML reports and its evidence',
  () =>
    withFolders(async (folder, postgresFolder) => {
      const postgres = await startPostgresServer(postgresFolder);
      const natsPort = await freePort();
      const nats = await startNats(folder, natsPort);
      writeFileSync(join(folder, 'parts.yaml'), scenario);
      const kinds = ['json', 'junit', 'markdown', 'html', 'log'];
      const reports = kinds.flatMap((kind) => [`--${kind}`, join(folder, `report.${kind}`)]);
      const data = join(folder, 'data');
      const natsUrl = `nats://u:${mark}@127.0.0.1:${natsPort}`;
      const live = ['--live', '--data', data, '--nats-url', natsUrl, '--log-level', 'debug', '--seed', '3'];
      try {
        const environment = {
          DATABASE_URL: postgres.url.replace('fleetwake@', `fleetwake:${mark}@`),
          FLEETWAKE_DEBUG: '1',
        };
        const child = startFleetwake(folder, ['run', 'parts.yaml', ...live, ...reports], environment);
        await until(() => child.process.exitCode !== null, `it ends: ${child.stderr().slice(-500)}`);
        const read = kinds.map((kind) => readFileSync(join(folder, `report.${kind}`), 'utf8'));
        const verified = await fleetwake(folder, [
          'verify',
          join(folder, 'report.log'),
          '--html',
          join(folder, 'again.html'),
        ]);
        const texts = [child.stdout(), child.stderr(), ...read, verified.stdout, verified.stderr];
        texts.push(readFileSync(join(folder, 'again.html'), 'utf8'), await rowsOf(postgres.url));
        const secrets = [mark, ...secretsIn(data)];
        expect(secrets.length).toBeGreaterThan(12);
        expect(child.stderr()).toMatch(/"level":30/);
        for (const text of texts) {
          for (const secret of secrets) expect(around(text, secret)).toBe('');
        }
      } finally {
        await nats.stop();
        await postgres.stop();
      }
    }),
  240_000,
);
