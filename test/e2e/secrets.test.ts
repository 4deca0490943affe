import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../support/temporary-folder.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated, 300_000);

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
  NATS_URL: `nats://u:${mark}@127.0.0.1:1, nats://u:${mark}@127.0.0.1:2`,
  MQTT_URL: `mqtt://u:${mark}@127.0.0.1:1`,
  SMTP_URL: `smtp://u:${mark}@127.0.0.1:1`,
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
    'an address that takes no credentials',
    { API_IOT_URL: `http://u:${mark}@h` },
    'must hold no user and no password',
  ],
])(
  'gateway shows no secret of its options: %s',
  async (_, changes, sentence) => {
    await withTemporaryFolder(async (folder) => {
      const environment = { ...marked, FLEETWAKE_LOG_LEVEL: 'debug', FLEETWAKE_DEBUG: '1', ...changes };
      const { exitCode, stdout, stderr } = await fleetwake(folder, ['gateway', ...ports], environment);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain(sentence);
      expect(stderr).not.toContain(mark);
      expect(stderr).not.toContain(whsec);
    });
  },
  60_000,
);
