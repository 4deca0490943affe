import type { MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import {
  connected,
  inbox,
  openInProcess,
  outcomeOf,
  passwordOf,
  serviceAccount,
  vehicleAccount,
  vinA,
  vinB,
  withBroker,
} from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';

/** Whether the broker answers a packet, or ends the connection that sent it. */
const fateOf = (client: MqttClient, send: (done: (error?: Error | null) => void) => void) =>
  new Promise<'answered' | 'closed'>((resolve) => {
    client.once('close', () => resolve('closed'));
    send((error) => {
      if (error?.message !== 'Connection closed') resolve('answered');
    });
  });
const subscribing = (client: MqttClient, filters: string[]) =>
  fateOf(client, (done) => client.subscribe(filters, { qos: 1 }, done));
/** Whether a vehicle's connection still stands: its next message is acknowledged. */
const publishing = (client: MqttClient, vin: string) =>
  fateOf(client, (done) => client.publish(`vehicles/${vin}/telemetry`, '{}', { qos: 1 }, done));

const filtersOf = (vin: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `vehicles/${vin}/cmd/${from + index}`);

describe('filters of a session', () => {
  test('a SUBSCRIBE packet of 1,000 filters ends its connection at once, and not one is kept', async () => {
    await withBroker(async ({ broker, client }) => {
      for (let packet = 0; packet < 12; packet += 1) {
        const flooding = await connected(client(vehicleAccount(vinA)));
        expect(await subscribing(flooding, filtersOf(vinA, 1_000, packet * 1_000))).toBe('closed');
      }
      expect(broker.refusals()).toEqual({ too_many_filters: 12 });
      const back = client(vehicleAccount(vinA));
      const isPresent = new Promise((resolve) =>
        back.once('connect', ({ sessionPresent }) => resolve(sessionPresent)),
      );
      expect(await isPresent).toBe(false);
    });
  });

  test('an UNSUBSCRIBE packet of 1,000 filters ends its connection as well', async () => {
    await withBroker(async ({ broker, client }) => {
      const flooding = await connected(client(vehicleAccount(vinA)));
      const filters = filtersOf(vinA, 1_000);
      expect(await fateOf(flooding, (done) => flooding.unsubscribe(filters, done))).toBe('closed');
      expect(broker.refusals()).toEqual({ too_many_filters: 1 });
    });
  });

  test.each([['a vehicle', vehicleAccount(vinA), `vehicles/${vinA}/cmd/`, 8]] as const)(
    '%s may send 8 filters in a packet and not 9',
    async (_title, account, root, max) => {
      await withBroker(async ({ broker, client }) => {
        const vehicle = await connected(client(account));
        const filters = Array.from({ length: max + 1 }, (_, index) => `${root}${index}`);
        await vehicle.subscribeAsync(filters.slice(0, max), { qos: 1 });
        expect(broker.refusals()).toEqual({});
        expect(await subscribing(vehicle, filters)).toBe('closed');
        expect(broker.refusals()).toEqual({ too_many_filters: 1 });
      });
    },
  );

  test('a session holds 16 filters of a vehicle: the next is answered with 0x80, those before stay', async () => {
    await withBroker(async ({ broker, client }) => {
      const vehicle = await connected(client(vehicleAccount(vinA)));
      const got = inbox(vehicle);
      await vehicle.subscribeAsync(filtersOf(vinA, 8), { qos: 1 });
      await vehicle.subscribeAsync([...filtersOf(vinA, 7, 8), `vehicles/${vinA}/cmd/configure`], { qos: 1 });
      const refused = await vehicle
        .subscribeAsync(filtersOf(vinA, 1, 100), { qos: 1 })
        .then((granted) => granted[0]?.qos)
        .catch(() => 128);
      expect(refused).toBe(128);
      expect(broker.refusals()).toEqual({ too_many_filters: 1 });
      // One unsubscribe makes room for one subscription.
      await vehicle.unsubscribeAsync(filtersOf(vinA, 1));
      const [granted] = await vehicle.subscribeAsync(filtersOf(vinA, 1, 100), { qos: 1 });
      expect(granted?.qos).toBe(1);
      const service = await connected(client(serviceAccount));
      await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'on', { qos: 1 });
      await until(() => got.length > 0, 'the command came');
      expect(got).toEqual([`vehicles/${vinA}/cmd/configure on`]);
    });
  });

  test('a connection ends at its 32nd refused filter', async () => {
    await withBroker(async ({ broker, client }) => {
      const curious = await connected(client(vehicleAccount(vinB)));
      for (let packet = 0; packet < 4; packet += 1) {
        curious.subscribe(filtersOf(vinA, 8, packet * 8), { qos: 1 }, () => {});
      }
      expect(await subscribing(curious, filtersOf(vinA, 8, 32))).toBe('closed');
      expect(broker.refusals()).toEqual({ filter: 32 });
    });
  });
});

describe('a password that is replaced', () => {
  test('the old one is refused at once, its connection ends and the new one is let in', async () => {
    let password = passwordOf(vinA);
    await withBroker(
      async ({ broker, client }) => {
        const vehicle = await connected(client(vehicleAccount(vinA)));
        const other = await connected(client(vehicleAccount(vinB)));
        password = 'new-secret';
        broker.replaceCredential(vinA);
        expect(await publishing(vehicle, vinA)).toBe('closed');
        expect(await outcomeOf(client(vehicleAccount(vinA)))).toBe(
          'Connection refused: Bad username or password',
        );
        expect(await outcomeOf(client({ ...vehicleAccount(vinA), password: 'new-secret' }))).toBe(
          'connected',
        );
        expect(await publishing(other, vinB)).toBe('answered');
      },
      { lookUp: async (vin) => systemSecrets.digest(vin === vinA ? password : passwordOf(vin)) },
    );
  });

  test('a look-up that was under way when it was replaced is asked again', async () => {
    let answer = (_digest: string) => {};
    let asked = 0;
    await withBroker(
      async ({ broker, client }) => {
        const outcome = outcomeOf(client(vehicleAccount(vinA)));
        await until(() => asked === 1, 'the first look-up is under way');
        broker.replaceCredential(vinA);
        answer(systemSecrets.digest(passwordOf(vinA)));
        expect(await outcome).toBe('Connection refused: Bad username or password');
        expect(asked).toBe(2);
      },
      {
        lookUp: () => {
          asked += 1;
          if (asked > 1) return Promise.resolve(systemSecrets.digest('new-secret'));
          return new Promise((resolve) => {
            answer = resolve;
          });
        },
      },
    );
  });

  test('a connection without a socket ends as well', async () => {
    let password = passwordOf(vinA);
    await withBroker(
      async ({ broker }) => {
        const ended: string[] = [];
        const connection = await openInProcess(broker, vinA, { onDisconnect: (why) => void ended.push(why) });
        password = 'new-secret';
        broker.replaceCredential(vinA);
        await until(() => ended.length === 2, 'it dialled again and was refused');
        expect(ended).toEqual(['the password was replaced', 'refused: credentials']);
        expect(connection.connected).toBe(false);
      },
      { lookUp: async () => systemSecrets.digest(password) },
    );
  });
});
