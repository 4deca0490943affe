import { describe, expect, test } from 'vitest';
import type { EmbeddedBroker } from '../../../gateway/broker/embedded-broker.ts';
import { LinkClosed, type LinkConnection, type LinkOptions } from '../../../shared/ports/device-link.ts';
import {
  brokerOn,
  closed,
  connected,
  inbox,
  monitorAccount,
  openInProcess,
  passwordOf,
  service,
  vehicleAccount,
  vinA,
  withBroker,
} from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';

const results = ['vehicles/+/evt/result'];
const result = (payload: string) =>
  ({ topic: `vehicles/${vinA}/evt/result`, payload, qos: 1, retain: false }) as const;

async function openService(broker: EmbeddedBroker, more: Partial<LinkOptions> = {}): Promise<LinkConnection> {
  return openInProcess(broker, '', { clientId: 'api-iot', ...service, ...more });
}

describe('a subscriber in the process of the broker', () => {
  test('holds the acknowledgement of the publisher until it is done', async () => {
    await withBroker(async ({ broker, client }) => {
      const order: string[] = [];
      let finish = () => {};
      const started = new Promise<void>((begun) => {
        void openService(broker, {
          onMessage: () => {
            begun();
            return new Promise<void>((resolve) => {
              finish = () => {
                order.push('handled');
                resolve();
              };
            });
          },
        }).then((connection) => connection.subscribe(results));
      });
      const vehicle = await connected(client(vehicleAccount(vinA)));
      await until(() => broker.connections() === 2, 'both stand');
      const published = vehicle
        .publishAsync(`vehicles/${vinA}/evt/result`, 'done', { qos: 1 })
        .then(() => order.push('acknowledged'));
      await started;
      // The broker answers a ping meanwhile: only the acknowledgement waits.
      await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
      finish();
      await published;
      expect(order).toEqual(['handled', 'acknowledged']);
    });
  });

  test('that fails leaves the message unacknowledged, so that it comes again', async () => {
    await withBroker(async ({ broker, client }) => {
      const got: string[] = [];
      const connection = await openService(broker, {
        onMessage: async (message) => {
          got.push(message.payload);
          if (got.length === 1) throw new Error('database away');
        },
      });
      await connection.subscribe(results);
      const vehicle = client({ ...vehicleAccount(vinA), reconnectPeriod: 10 });
      await connected(vehicle);
      await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, 'done', { qos: 1 });
      expect(got).toEqual(['done', 'done']);
    });
  });

  test('that fails gets the message again, also when its publisher is in this process and did not wait', async () => {
    await withBroker(async ({ broker }) => {
      const got: string[] = [];
      const reasons: string[] = [];
      const connection = await openService(broker, {
        onMessage: async (message) => {
          got.push(message.payload);
          if (got.length === 1) throw new Error('database away');
        },
        onDisconnect: (reason) => reasons.push(reason),
      });
      await connection.subscribe(results);
      const vehicle = await openInProcess(broker, vinA);
      await vehicle.publish(result('done'));
      await until(() => got.length === 2, 'it came again');
      expect(got).toEqual(['done', 'done']);
      expect(reasons).toEqual(['a message could not be handled']);
    });
  });

  test('gets the last will of a vehicle that was cut off, and none from one that disconnected', async () => {
    await withBroker(async ({ broker, client }) => {
      const got: string[] = [];
      const connection = await openService(broker, {
        onMessage: (message) => void got.push(message.payload),
      });
      await connection.subscribe(['vehicles/+/evt/status']);
      const will = { topic: `vehicles/${vinA}/evt/status`, payload: 'gone', qos: 1, retain: true } as const;
      const polite = await connected(
        client({ ...vehicleAccount(vinA), will: { ...will, payload: Buffer.from('polite') } }),
      );
      await polite.endAsync();
      const rude = await connected(
        client({ ...vehicleAccount(vinA), will: { ...will, payload: Buffer.from('gone') } }),
      );
      rude.stream.destroy();
      await until(() => got.length > 0, 'the will came');
      expect(got).toEqual(['gone']);
    });
  });

  test('gets no will of a further session of a vehicle whose main session is up', async () => {
    await withBroker(async ({ broker, client }) => {
      const got: string[] = [];
      const connection = await openService(broker, {
        onMessage: (message) => void got.push(message.payload),
      });
      await connection.subscribe(['vehicles/+/evt/status']);
      const will = { topic: `vehicles/${vinA}/evt/status`, qos: 1, retain: true } as const;
      const sessionOf = (clientId: string) => ({
        ...vehicleAccount(vinA),
        clientId,
        clean: true,
        will: { ...will, payload: Buffer.from(clientId) },
      });
      const main = await connected(client({ ...sessionOf(`vehicle-${vinA}`), clean: false }));
      const further = await connected(client(sessionOf(`vehicle-${vinA}-2`)));
      further.stream.destroy();
      const inside = broker.link.open({
        clientId: `vehicle-${vinA}-3`,
        username: vinA,
        password: passwordOf(vinA),
        cleanSession: true,
        keepAliveSeconds: 10,
        will: { ...will, payload: 'vehicle-3' },
        onMessage: () => {},
      });
      await until(() => inside.connected, 'the further session inside stands');
      inside.cut();
      await until(() => broker.refusals().will_of_further_session === 2, 'both wills were refused');
      main.stream.destroy();
      await until(() => got.length > 0, 'the will of the main session came');
      expect(got).toEqual([`vehicle-${vinA}`]);
      await inside.close();
    });
  });

  test('that fails at a last will gets it again, since no client would send it again', async () => {
    await withBroker(async ({ broker, client }) => {
      const got: string[] = [];
      const connection = await openService(broker, {
        cleanSession: false,
        onMessage: async (message) => {
          got.push(message.payload);
          if (got.length === 1) throw new Error('database away');
        },
      });
      await connection.subscribe(['vehicles/+/evt/status']);
      const will = { topic: `vehicles/${vinA}/evt/status`, qos: 1, retain: true } as const;
      const rude = await connected(
        client({ ...vehicleAccount(vinA), will: { ...will, payload: Buffer.from('gone') } }),
      );
      rude.stream.destroy();
      await until(() => got.length === 2, 'it came again');
      expect(got).toEqual(['gone', 'gone']);
      const monitor = await connected(client(monitorAccount));
      const seen = inbox(monitor);
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      await until(() => seen.length === 1, 'the monitor gets it as well');
      expect(seen).toEqual([`vehicles/${vinA}/evt/status gone`]);
    });
  });

  test('is refused by the same rules', async () => {
    await withBroker(async ({ broker }) => {
      const reasons: string[] = [];
      broker.link.open({
        clientId: 'api-iot',
        username: 'api-iot',
        password: 'guess',
        cleanSession: true,
        keepAliveSeconds: 60,
        onMessage: () => {},
        onDisconnect: (reason) => reasons.push(reason),
      });
      await until(() => reasons.length > 0, 'it was refused');
      expect(reasons).toEqual(['refused: credentials']);
      const vehicle = await openInProcess(broker, vinA);
      const forged = { ...result('x'), topic: 'vehicles/WDBEA30D3HA391172/evt/result' };
      await expect(vehicle.publish(forged)).rejects.toThrow(LinkClosed);
      expect(vehicle.connected).toBe(false);
    });
  });
});

test('a broker that starts again is found by both kinds of client', async () => {
  await withBroker(async ({ broker }) => {
    const seen: string[] = [];
    const connection = await openService(broker, {
      onConnect: ({ sessionPresent }) => seen.push(`up ${sessionPresent}`),
      onDisconnect: (reason) => seen.push(reason),
    });
    await broker.stop();
    expect(connection.connected).toBe(false);
    await expect(connection.publish(result('x'))).rejects.toThrow(LinkClosed);
    await broker.start();
    await until(() => connection.connected, 'it stands again');
    expect(seen).toEqual(['up false', 'the broker stopped', 'up true']);
  });
});

test.each([
  [true, 'kept', [`vehicles/${vinA}/cmd/configure waits`]],
  [false, 'new', []],
] as const)(
  'a broker that starts again with its sessions: %s, has the same port, and the session of a vehicle is %s',
  async (keepsSessions, expected, messages) => {
    await withBroker(async ({ broker, client }) => {
      const { port } = broker;
      const before = await connected(client(vehicleAccount(vinA)));
      await before.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
      before.end();
      await closed(before);
      const sender = await openService(broker);
      const topic = `vehicles/${vinA}/cmd/configure`;
      await sender.publish({ topic, payload: 'waits', qos: 1, retain: false });
      await broker.stop({ keepsSessions });
      await broker.start();
      expect(broker.port).toBe(port);
      const after = client(vehicleAccount(vinA));
      const got = inbox(after);
      const session = new Promise<string>((resolve) => {
        after.once('connect', ({ sessionPresent }) => resolve(sessionPresent ? 'kept' : 'new'));
      });
      expect(await session).toBe(expected);
      await until(() => got.length === messages.length, 'what waited is here');
      expect(got).toEqual(messages);
    });
  },
);

test('the tap receives accepted and acknowledged messages, not refused ones', async () => {
  await withBroker(async ({ broker, client }) => {
    const heard: string[] = [];
    const untap = broker.tap((entry) => heard.push(`${entry.kind} ${entry.clientId} ${entry.payload}`));
    const connection = await openService(broker);
    const vehicle = await connected(client(vehicleAccount(vinA)));
    const got = inbox(vehicle);
    await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
    await connection.publish({
      topic: `vehicles/${vinA}/cmd/configure`,
      payload: 'on',
      qos: 1,
      retain: false,
    });
    await until(() => heard.length === 2, 'the vehicle acknowledged');
    await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, 'done', { qos: 1 });
    vehicle.publish(`vehicles/${vinA}/cmd/configure`, 'forged', { qos: 1 });
    await closed(vehicle);
    untap();
    await connection.publish({
      topic: `vehicles/${vinA}/cmd/configure`,
      payload: 'unheard',
      qos: 1,
      retain: false,
    });
    expect(got).toEqual([`vehicles/${vinA}/cmd/configure on`]);
    expect(heard).toEqual(['taken api-iot on', `delivered vehicle-${vinA} on`, `taken vehicle-${vinA} done`]);
  });
});

test('a port that is taken is a sentence', async () => {
  await withBroker(async ({ broker, client }) => {
    const second = brokerOn(broker.port);
    await expect(second.start()).rejects.toThrow(
      `The MQTT broker cannot listen on 127.0.0.1:${broker.port}: another program has the port; choose another one.`,
    );
    await connected(client(monitorAccount));
  });
});
