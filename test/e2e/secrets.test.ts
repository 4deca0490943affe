import { createECDH } from 'node:crypto';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { startStandIns } from '../../simulator/live/stand-ins.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, startFleetwake } from './command.ts';
import { echoingServices } from './echoing-services.ts';
import { around } from './marks.ts';

beforeAll(buildWhenOutdated);

const mark = 'm4rk';
const whsec = `whsec_${Buffer.from(mark.repeat(10)).toString('base64')}`;

/** Every option that may hold a secret, with a mark in it. */
const marked = {
  API_IOT_CLIENT_SECRET: mark,
  API_IOT_CALLBACK_SECRET: whsec,
  MQTT_PASSWORD: mark,
  PAYMENTS_KEY: `sk_test_${mark}`,
  TICKET_WEBHOOK_SECRET: whsec,
  TICKET_WEBHOOK_URL: `http://127.0.0.1:1/${mark}?token=${mark}`,
  DATABASE_URL: `postgres://u:${mark}@127.0.0.1:1/x?password=${mark}`,
  NATS_URL: `nats://u:${mark}@127.0.0.1:1?token=${mark}, nats://u:${mark}@127.0.0.1:2`,
  MQTT_URL: `mqtt://u:${mark}@127.0.0.1:1?token=${mark}`,
  SMTP_URL: `smtp://u:${mark}@127.0.0.1:1?token=${mark}`,
};
const ports = ['--port', '0', '--api-iot-port', '0'];

test.each([
  ['NATS that is away', {}, 'NATS at nats://127.0.0.1:1,nats://127.0.0.1:2 cannot be used'],
  [
    'PostgreSQL that is away',
    { NATS_URL: '', NATS_SERVER: 'none' },
    'the PostgreSQL of --database-url cannot be used',
  ],
  [
    'a malformed address',
    { DATABASE_URL: `postgres://u:${mark}#t/9@db/x` },
    'percent-encode the user and the password',
  ],
  [
    'an address that paths are added to',
    { API_IOT_URL: `http://127.0.0.1:1/?token=${mark}`, PAYMENTS_URL: `http://127.0.0.1:1/#${mark}` },
    'must hold no query and no fragment: paths are added to it',
  ],
  [
    'an address that takes no credentials',
    { API_IOT_URL: `http://u:${mark}@h` },
    'must hold no user and no password',
  ],
])('gateway shows no secret of its options: %s', async (_, changes, sentence) => {
  await withTemporaryFolder(async (folder) => {
    const environment = { ...marked, FLEETWAKE_LOG_LEVEL: 'debug', FLEETWAKE_DEBUG: '1', ...changes };
    const { exitCode, stdout, stderr } = await fleetwake(folder, ['gateway', ...ports], environment);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain(mark);
    expect(stderr).not.toContain(whsec);
  });
});

test('the start line of a gateway whose NATS and broker are away shows no secret, and neither do its health and metrics', async () => {
  await withTemporaryFolder(async (folder) => {
    const environment = {
      ...{ ...marked, DATABASE_URL: '', PAYMENTS_URL: 'http://127.0.0.1:1' },
      ...{ FLEETWAKE_LOG_LEVEL: 'debug', FLEETWAKE_DEBUG: '1' },
    };
    const gateway = startFleetwake(folder, ['gateway', ...ports], environment);
    const answers: string[] = [];
    try {
      await until(() => gateway.stdout().endsWith('\n'), `it starts: ${gateway.stderr()}`);
      const { bus, mqtt, platform } = JSON.parse(gateway.stdout()) as Record<string, string>;
      expect([mqtt, bus]).toEqual([
        'mqtt://127.0.0.1:1',
        expect.stringContaining('NATS at nats://127.0.0.1:1,nats://127.0.0.1:2 cannot be used'),
      ]);
      for (const path of ['/readyz', '/healthz', '/metrics'])
        answers.push(await fetch(`${platform}${path}`).then((answer) => answer.text()));
    } finally {
      gateway.process.kill('SIGTERM');
      await gateway.exitCode();
    }
    for (const text of [gateway.stdout(), gateway.stderr(), ...answers])
      for (const secret of [mark, whsec]) expect(around(text, secret)).toBe('');
  });
});

test.each([
  ['up', '--port', '0', '--api-iot-port', '0', '--mail-port', '0', '--control-port', '0'],
  ['run', '--live'],
  ['fleet', '--control-port', '0'],
  ['stand-ins', '--smtp-port', 'x'],
  ['register', '1M8GDM9AXKP042788'],
  ['ticket'],
  ['ticket', '--platform-url', `http://127.0.0.1:1/?token=${mark}`],
  ['fault', 'list', '--control-url', `http://127.0.0.1:1/#${mark}`],
  ['conform', `http://127.0.0.1:1/?token=${mark}`, '--client-secret', mark, '--vin', 'V1'],
  ['check', '--runs', `sk_test_${mark}`],
  [`https://u:${mark}@127.0.0.1:1/`],
  ['fault', 'list'],
  ['gateway', `--payment-key=${mark}`],
])('shows no secret of its options or of the environment: fleetwake %s %s', async (...parameters) => {
  await withTemporaryFolder(async (folder) => {
    await openKeys(join(folder, '.fleetwake'));
    const environment = { ...marked, FLEETWAKE_LOG_LEVEL: 'debug', FLEETWAKE_DEBUG: '1' };
    const { exitCode, stdout, stderr } = await fleetwake(folder, parameters, environment);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect([around(stderr, mark), around(stderr, whsec)]).toEqual(['', '']);
  });
});

const withoutSubscription = (data: string) => ({ ...JSON.parse(data), subscription: undefined });

/** Every text of every table, but for the addresses that a customer's subscription consists of. */
async function textsOf(file: string): Promise<string> {
  const database = openSqlite<Record<string, Record<string, unknown>>>(file);
  try {
    const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
      database.reader,
    );
    const rows = await Promise.all(
      tables.rows.map(({ name }) =>
        sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(database.reader),
      ),
    );
    return JSON.stringify(
      rows.map((table) => table.rows),
      (key, value) =>
        key === 'push_subscription' ? undefined : key === 'data' ? withoutSubscription(value) : value,
    );
  } finally {
    await database.close();
  }
}

test('no output, log line, row, ticket or list holds a secret when each service repeats what it was sent', async () => {
  await withTemporaryFolder(async (folder) => {
    const data = join(folder, '.fleetwake');
    await openKeys(data);
    const standIns = await startStandIns({
      dataFolder: data,
      paymentsKey: marked.PAYMENTS_KEY,
      vapidPublicKey: 'none',
      log: silentLog,
      ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
    });
    const services = await echoingServices(mark, standIns.paymentsUrl);
    const environment = {
      ...marked,
      DATABASE_URL: '',
      NATS_URL: '',
      NATS_SERVER: 'none',
      MQTT_URL: '',
      API_IOT_URL: services.apiIot,
      PAYMENTS_URL: services.payments,
      SMTP_URL: `smtp://u:${mark}@127.0.0.1:${services.smtpPort}?token=${mark}`,
      TICKET_WEBHOOK_URL: `${services.webhook}/${mark}?token=${mark}`,
      TRUSTED_ISSUER: 'https://id.example',
      TRUSTED_JWKS: `${services.issuer}/keys?token=${mark}`,
      FLEETWAKE_PUSH_PRIVATE: 'yes',
      FLEETWAKE_TIME_SCALE: '1000',
      FLEETWAKE_LOG_LEVEL: 'debug',
      FLEETWAKE_DEBUG: '1',
    };
    const gateway = startFleetwake(
      folder,
      ['gateway', '--roles', 'platform,engine', '--port', '0'],
      environment,
    );
    const lists: string[] = [];
    try {
      await until(() => gateway.stdout().endsWith('\n'), `it starts: ${gateway.stderr()}`);
      const { platform: origin } = JSON.parse(gateway.stdout()) as { platform: string };
      const { platform } = clientsOf(await openKeys(data), { platform: origin, apiIot: services.apiIot });
      const vin = '1M8GDM9AXKP042788';
      const ecdh = createECDH('prime256v1');
      const p256dh = ecdh.generateKeys().toString('base64url');
      const customer = { id: 'ana', name: 'Ana', email: 'ana@example.com', language: 'en' };
      const pushSubscription = {
        endpoint: `${services.push}/${mark}`,
        keys: { p256dh, auth: 'A'.repeat(22) },
      };
      const vehicle = { vin, model: 'aurora-2026', modelName: 'Aurora', customerId: 'ana' };
      const registered = await platform.send('POST', '/registrations', {
        customers: [{ ...customer, pushSubscription }],
        vehicles: [vehicle],
      });
      expect(registered.status).toBe(200);
      const foreign = ['{"alg":"RS256","kid":"k"}', '{"iss":"https://id.example","sub":"a"}', 'x'];
      const token = foreign.map((part) => Buffer.from(part).toString('base64url')).join('.');
      const unread = await fetch(`${origin}/tickets`, { headers: { authorization: `Bearer ${token}` } });
      lists.push(await unread.text());
      expect(unread.status).toBe(503);
      const bought = await platform.send('POST', '/purchases', {
        customerId: 'ana',
        vin,
        serviceId: 'heated-seats',
        duration: { unit: 'months', count: 1 },
        paymentMethod: 'pm_card_visa',
      });
      expect([bought.status, bought.body]).toEqual([201, expect.anything()]);
      const list = async (path: string) => JSON.stringify((await platform.get(path)).body);
      await until(async () => (await list('/tickets')).includes('"id"'), `a ticket: ${gateway.stderr()}`);
      await until(
        () => Object.values(services.asked).every((count) => count > 0),
        `all were asked: ${JSON.stringify(services.asked)}`,
      );
      await until(
        async () => (await textsOf(join(data, 'platform.db'))).includes('The mail was not taken'),
        'a mail failed',
      );
      await until(
        async () => (await list('/webhook-events?status=parked')).includes('"reason"'),
        `an event of the webhook is parked: ${await list('/webhook-events?status=parked')}`,
      );
      for (const path of [
        '/tickets',
        '/activations',
        '/purchases',
        '/settlements?status=unsettled',
        '/webhook-events?status=parked',
        '/notices?status=dead',
      ])
        lists.push(await list(path));
    } finally {
      gateway.process.kill('SIGTERM');
      await gateway.exitCode();
      await services.close();
      await standIns.stop();
    }
    const texts = [gateway.stdout(), gateway.stderr(), ...lists, await textsOf(join(data, 'platform.db'))];
    for (const text of texts)
      for (const secret of [mark, whsec, base64Mark]) expect(around(text, secret)).toBe('');
  });
});

const base64Mark = Buffer.from(`engine:${mark}`).toString('base64').replaceAll('=', '');
