import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import { type ApiIot, apiIot } from '../../../gateway/api-iot/app.ts';
import { apiIotDefaults } from '../../../gateway/api-iot/config.ts';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { DeviceLink } from '../../../shared/ports/device-link.ts';
import { type Log, silentLog } from '../../../shared/ports/log.ts';
import { callbackSecret, origin } from '../../helpers/api-iot.ts';
import { connected, inbox, service, vehicleAccount, vinA, vinB } from '../../helpers/broker-under-test.ts';
import { signedTokens } from '../../helpers/signed-tokens.ts';
import { until } from '../../helpers/until.ts';
import { withMosquitto } from '../broker/mosquitto.ts';

const secret = 'secret';

interface Parts {
  readonly api: ApiIot;
  /** What a vehicle received: `topic payload`. */
  readonly received: Readonly<Record<string, readonly string[]>>;
  /** How often the API IoT's own connection ended. */
  readonly cuts: () => number;
  /** Ids of commands whose publish failed, and of those that were parked. */
  readonly failed: readonly string[];
  readonly parked: readonly string[];
  configure(vin: string, parameters?: Readonly<Record<string, string>>): Promise<Response>;
  isOnline(vin: string): Promise<boolean>;
  /** A connection to the broker; ended after the test. */
  client(options: IClientOptions): MqttClient;
}

/** The link, and how often it was cut. */
function counted(link: DeviceLink): { link: DeviceLink; cuts: () => number } {
  let cuts = 0;
  return {
    cuts: () => cuts,
    link: {
      open: (options) =>
        link.open({
          ...options,
          onDisconnect(reason) {
            cuts += 1;
            options.onDisconnect?.(reason);
          },
        }),
    },
  };
}

async function newToken(api: ApiIot): Promise<string> {
  const answer = await api.fetch(
    new Request(`${origin}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=client_credentials&client_id=all&client_secret=${secret}`,
    }),
  );
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** The API IoT on a Mosquitto with the documented files and this packet limit, and two vehicles that are connected. */
function withApiOnMosquitto(packetMax: number, work: (parts: Parts) => Promise<void>): Promise<void> {
  const change = (text: string) => text.replace('max_packet_size 65536', `max_packet_size ${packetMax}`);
  return withMosquitto(
    async (url) => {
      const failed: string[] = [];
      const parked: string[] = [];
      const seen = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
        if (event === 'api_iot.publish_failed') failed.push(String(fields.commandId));
        if (event === 'api_iot.command_parked') parked.push(String(fields.commandId));
      };
      const log: Log = { info: seen, warn: seen, error: seen };
      const database = openSqlite<ApiIotSchema>(':memory:');
      await migrateApiIot(database);
      const { link, cuts } = counted(mqttLink({ url, log: silentLog }));
      const scopes = ['vehicle:configure', 'vehicle:read', 'vehicle:provision'];
      const api = apiIot({
        ...{ database, link, log, clock: wallClock, ids: systemIds(), secrets: systemSecrets },
        tokens: await signedTokens(wallClock, origin),
        http: () => Promise.reject(new Error('no callback was asked for')),
        config: {
          ...{ ...apiIotDefaults, origin, callbackSecret },
          link: { clientId: 'api-iot', ...service },
          // As gateway/live/api-iot-role.ts says of a broker at MQTT_URL.
          hasWillsOfAllSessions: true,
          clients: [{ clientId: 'all', secretDigest: systemSecrets.digest(secret), scopes }],
        },
      });
      await api.start();
      const token = await newToken(api);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const post = (path: string, body: unknown) =>
        api.fetch(new Request(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
      const credentialDigest = systemSecrets.digest('unused: Mosquitto has its own accounts');
      const vehicles = [vinA, vinB].map((vin) => ({ vin, model: 'alpha', credentialDigest }));
      expect((await post('/provisioning/vehicles', { vehicles })).status).toBe(200);
      const clients = [vinA, vinB].map((vin) => connect(url, vehicleAccount(vin)));
      const received = Object.fromEntries(
        [vinA, vinB].map((vin, index) => [vin, inbox(clients[index] as never)]),
      );
      try {
        for (const [index, client] of clients.entries())
          await client.subscribeAsync(`vehicles/${[vinA, vinB][index]}/cmd/#`, { qos: 1 });
        const configure: Parts['configure'] = (vin, parameters = {}) =>
          post(`/vehicle/${vin}/configure`, {
            reference: 'act_1',
            features: [{ feature: 'heated_seats', target: 'active', parameters }],
          });
        const isOnline: Parts['isOnline'] = async (vin) => {
          const answer = await api.fetch(new Request(`${origin}/vehicle/${vin}/health`, { headers }));
          return ((await answer.json()) as { online: boolean }).online;
        };
        const client: Parts['client'] = (options) => {
          const opened = connect(url, { reconnectPeriod: 0, protocolVersion: 4, ...options });
          clients.push(opened);
          return opened;
        };
        await work({ api, received, cuts, failed, parked, configure, isOnline, client });
      } finally {
        await Promise.all(clients.map((client) => client.endAsync(true)));
        await api.stop();
        await database.close();
      }
    },
    undefined,
    change,
  );
}

/** Parameters of about so many bytes. */
const parametersOf = (bytes: number) =>
  Object.fromEntries(
    Array.from({ length: Math.ceil(bytes / 256) }, (_, index) => [`p${index}`, 'x'.repeat(247)]),
  );
const idOf = async (answer: Response) => {
  expect(answer.status, await answer.clone().text()).toBe(202);
  return ((await answer.json()) as { id: string }).id;
};
const idsIn = (messages: readonly string[] = []) =>
  messages.map((message) => (JSON.parse(message.slice(message.indexOf(' '))) as { id: string }).id);

it('a command that Mosquitto would take for no packet is refused before it is accepted, and the link stands', () =>
  withApiOnMosquitto(65_536, async ({ configure, received, cuts, failed }) => {
    const answer = await configure(vinA, parametersOf(65_280));
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ type: 'urn:fleetwake:problem:invalid-configuration' });
    const largest = await idOf(await configure(vinA, parametersOf(63_000)));
    const other = await idOf(await configure(vinB));
    await until(
      () => idsIn(received[vinA]).length + idsIn(received[vinB]).length === 2,
      'both commands came',
    );
    expect([idsIn(received[vinA]), idsIn(received[vinB])]).toEqual([[largest], [other]]);
    expect([cuts(), failed]).toEqual([0, []]);
  }));

it('one message at which Mosquitto cuts the link is parked after it was alone in a cut, and every other command arrives', () =>
  withApiOnMosquitto(4_096, async ({ api, configure, received, cuts, failed, parked }) => {
    const poison = await idOf(await configure(vinA, parametersOf(8_192)));
    const small = await idOf(await configure(vinA));
    const others = [await idOf(await configure(vinB)), await idOf(await configure(vinB))];
    await until(() => parked.length > 0, 'the command is parked');
    await until(
      () => new Set(idsIn(received[vinB])).size === 2 && idsIn(received[vinA]).length > 0,
      'all came',
    );
    expect(new Set(idsIn(received[vinB]))).toEqual(new Set(others));
    expect(new Set(idsIn(received[vinA]))).toEqual(new Set([small]));
    expect(parked).toEqual([poison]);
    expect(failed.filter((id) => id === poison)).toHaveLength(2);
    expect(api.counters().parkedCommands).toBe(1);
    // The link is not cut again, for any client.
    const before = cuts();
    const later = await idOf(await configure(vinB));
    await until(() => idsIn(received[vinB]).includes(later), 'a later command came');
    expect([before, cuts()]).toEqual([2, 2]);
  }));

it('a vehicle is online while its main session sends, although a further session of it has died on Mosquitto', () =>
  withApiOnMosquitto(65_536, async ({ isOnline, client }) => {
    const topic = `vehicles/${vinA}/evt/status`;
    const status = (online: boolean) => JSON.stringify({ vin: vinA, online, clock: 1_800_000_000_000 });
    const will = { topic, payload: Buffer.from(status(false)), qos: 1, retain: true } as const;
    // Takes over from the client that receives the commands of this test's other cases.
    const main = await connected(client({ ...vehicleAccount(vinA), will }));
    await main.publishAsync(topic, status(true), { qos: 1, retain: true });
    await until(() => isOnline(vinA), 'the main session is seen');
    const account = { ...vehicleAccount(vinA), clientId: `vehicle-${vinA}-2`, clean: true };
    const further = await connected(client({ ...account, will }));
    further.stream.destroy();
    await until(async () => !(await isOnline(vinA)), 'the will of the further session arrived');
    const telemetry = JSON.stringify({ vin: vinA, clock: 1, signals: { 'Vehicle.Speed': 0 } });
    await main.publishAsync(`vehicles/${vinA}/telemetry`, telemetry, { qos: 1 });
    await until(() => isOnline(vinA), 'the main session is seen again');
    main.stream.destroy();
    await until(async () => !(await isOnline(vinA)), 'the will of the main session arrived');
  }));
