import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiIot } from '../../../gateway/api-iot/app.ts';
import { apiIotDefaults } from '../../../gateway/api-iot/config.ts';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { findCredentialDigest } from '../../../gateway/api-iot/store/vehicles.ts';
import { type EmbeddedBroker, embeddedBroker } from '../../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { LinkConnection } from '../../../shared/ports/device-link.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import type { ConfigureCommand } from '../../../shared/protocol/device-messages.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { callbackSecret, origin, vin } from '../../helpers/api-iot.ts';
import { freePort } from '../../helpers/free-port.ts';
import { signedTokens } from '../../helpers/signed-tokens.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

const service = { username: 'api-iot', password: 'service' };
const secret = 'secret';

/** The API IoT on a database file behind an embedded broker, and one registered vehicle. */
async function withLiveApi(
  run: (parts: {
    broker: EmbeddedBroker;
    call: (method: string, path: string, body?: unknown) => Promise<Response>;
  }) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const database = openSqlite<ApiIotSchema>(join(folder, 'api-iot.db'));
    await migrateApiIot(database);
    const broker = embeddedBroker({
      clock: wallClock,
      secrets: systemSecrets,
      log: silentLog,
      lookUp: (name) => findCredentialDigest(database, name),
      serviceCredential: service,
      port: await freePort(),
    });
    await broker.start();
    const api = apiIot({
      database,
      link: broker.link,
      clock: wallClock,
      ids: systemIds(),
      secrets: systemSecrets,
      tokens: await signedTokens(wallClock, origin),
      http: () => Promise.reject(new Error('no callback was asked for')),
      log: silentLog,
      onCredentialReplaced: (replaced) => broker.replaceCredential(replaced),
      config: {
        ...apiIotDefaults,
        origin,
        callbackSecret,
        link: { clientId: 'api-iot', ...service },
        clients: [
          {
            clientId: 'all',
            secretDigest: systemSecrets.digest(secret),
            scopes: ['vehicle:configure', 'vehicle:read', 'vehicle:provision'],
          },
        ],
      },
    });
    await api.start();
    const answer = await api.fetch(
      new Request(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=client_credentials&client_id=all&client_secret=${secret}`,
      }),
    );
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const call = (method: string, path: string, body?: unknown) =>
      api.fetch(
        new Request(`${origin}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            prefer: 'wait=10',
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
    const credentialDigest = systemSecrets.digest('vehicle token');
    await call('POST', '/provisioning/vehicles', { vehicles: [{ vin, model: 'alpha', credentialDigest }] });
    try {
      await run({ broker, call });
    } finally {
      await api.stop();
      await broker.stop();
      await database.close();
    }
  });
}

/** A vehicle that connects over TCP, says that it is there, and gives each command to `onCommand`. */
function openVehicle(url: string, onCommand: (command: ConfigureCommand) => void): LinkConnection {
  const message = (online: boolean) => ({
    topic: topics.status(vin),
    payload: JSON.stringify({ vin, online, clock: wallClock.now() }),
    qos: 1 as const,
    retain: true,
  });
  const connection = mqttLink({ url, log: silentLog }).open({
    clientId: `vehicle-${vin}`,
    username: vin,
    password: 'vehicle token',
    cleanSession: false,
    keepAliveSeconds: 30,
    will: message(false),
    onMessage: ({ payload }) => onCommand(JSON.parse(payload) as ConfigureCommand),
    onConnect: () => {
      void (async () => {
        await connection.subscribe([topics.configure(vin)]);
        await connection.publish(message(true));
      })().catch(() => undefined);
    },
  });
  return connection;
}

const body = { reference: 'act_1', features: [{ feature: 'heated_seats', target: 'active' }] };

const resultOf = (command: ConfigureCommand) => ({
  topic: topics.result(vin),
  payload: JSON.stringify({
    commandId: command.id,
    vin,
    results: command.features.map(({ feature, version }) => ({ feature, outcome: 'applied', version })),
    clock: wallClock.now(),
  }),
  qos: 1 as const,
  retain: false,
});

it('a command reaches a vehicle over a real broker, and its answer ends the request that waits', () =>
  withLiveApi(async ({ broker, call }) => {
    const vehicle = openVehicle(
      broker.url,
      (command) => void vehicle.publish(resultOf(command)).catch(() => undefined),
    );
    try {
      const answer = await call('POST', `/vehicle/${vin}/configure`, body);
      expect([answer.status, ((await answer.json()) as { state: string }).state]).toEqual([200, 'applied']);
    } finally {
      await vehicle.close();
    }
    await until(async () => {
      const health = (await (await call('GET', `/vehicle/${vin}/health`)).json()) as {
        pendingCommands: number;
      };
      return health.pendingCommands === 0;
    }, 'nothing waits');
  }));

it('a command that a broker forgot with all its memory is sent again, and applied', () =>
  withLiveApi(async ({ broker, call }) => {
    const seen: string[] = [];
    const vehicle = openVehicle(broker.url, (command) => {
      seen.push(command.id);
      // The first time the vehicle takes the message and dies over it.
      if (seen.length > 1) void vehicle.publish(resultOf(command)).catch(() => undefined);
    });
    try {
      const waiting = call('POST', `/vehicle/${vin}/configure`, body);
      await until(() => seen.length === 1, 'the vehicle has the command');
      await broker.stop();
      await broker.start();
      const answer = await waiting;
      expect([answer.status, ((await answer.json()) as { state: string }).state]).toEqual([200, 'applied']);
      expect(new Set(seen).size).toBe(1);
    } finally {
      await vehicle.close();
    }
  }));

it('a vehicle registered again with another password loses its connection at once, with the same one it keeps it', () =>
  withLiveApi(async ({ broker, call }) => {
    const vehicle = openVehicle(broker.url, () => {});
    await until(() => vehicle.connected, 'the vehicle is connected');
    const register = (token: string) =>
      call('POST', '/provisioning/vehicles', {
        vehicles: [{ vin, model: 'alpha', credentialDigest: systemSecrets.digest(token) }],
      });
    expect((await register('vehicle token')).status).toBe(200);
    expect(vehicle.connected).toBe(true);
    expect((await register('another token')).status).toBe(200);
    await until(() => !vehicle.connected, 'its connection ended');
    await until(() => (broker.refusals().credentials ?? 0) > 0, 'it comes back with the old password');
    expect(vehicle.connected).toBe(false);
    await vehicle.close();
  }));
