import { connect as connectSocket } from 'node:net';
import type { IClientOptions } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import {
  closed,
  connected,
  inbox,
  monitorAccount,
  openInProcess,
  outcomeOf,
  passwordOf,
  service,
  serviceAccount,
  vehicleAccount,
  vinA,
  vinB,
  withBroker,
} from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';

const status = {
  topic: `vehicles/${vinA}/evt/status`,
  payload: Buffer.from('away'),
  qos: 1,
  retain: true,
} as const;

describe('who is let in', () => {
  test.each<[string, IClientOptions, string]>([
    ['a vehicle with its password', vehicleAccount(vinA), 'connected'],
    [
      'a second connection of a vehicle that leaves no session',
      { ...vehicleAccount(vinA), clientId: `vehicle-${vinA}-say`, clean: true },
      'connected',
    ],
    [
      'a second session of a vehicle',
      { ...vehicleAccount(vinA), clientId: `vehicle-${vinA}-say` },
      'Connection refused: Not authorized',
    ],
    ['the API IoT', serviceAccount, 'connected'],
    ['a second process of the API IoT', { ...serviceAccount, clientId: 'api-iot-2' }, 'connected'],
    ['the monitor', monitorAccount, 'connected'],
    ['a vehicle with a will on its own status', { ...vehicleAccount(vinA), will: status }, 'connected'],
    [
      'a wrong password',
      { ...vehicleAccount(vinA), password: 'guess' },
      'Connection refused: Bad username or password',
    ],
    [
      'the password of another vehicle',
      { ...vehicleAccount(vinA), password: passwordOf(vinB) },
      'Connection refused: Bad username or password',
    ],
    [
      'a VIN that nobody knows',
      { ...vehicleAccount('11111111111111111'), password: '' },
      'Connection refused: Bad username or password',
    ],
    [
      'a name that is no VIN',
      { clientId: 'x', username: '__proto__', password: 'x' },
      'Connection refused: Bad username or password',
    ],
    ['no name at all', { clientId: `vehicle-${vinA}` }, 'Connection refused: Bad username or password'],
    [
      'the service account with a wrong password',
      { ...serviceAccount, password: 'guess' },
      'Connection refused: Bad username or password',
    ],
    [
      "a vehicle under another vehicle's client id",
      { ...vehicleAccount(vinB), clientId: `vehicle-${vinA}` },
      'Connection refused: Not authorized',
    ],
    [
      "a vehicle under the API IoT's client id",
      { ...vehicleAccount(vinA), clientId: 'api-iot' },
      'Connection refused: Not authorized',
    ],
    [
      "the API IoT under a vehicle's client id",
      { ...serviceAccount, clientId: `vehicle-${vinA}` },
      'Connection refused: Not authorized',
    ],
    [
      "a will on another vehicle's status",
      { ...vehicleAccount(vinB), will: status },
      'Connection refused: Not authorized',
    ],
    [
      'a will that is not retained',
      { ...vehicleAccount(vinA), will: { ...status, retain: false } },
      'Connection refused: Not authorized',
    ],
    [
      'a keep-alive longer than 20 minutes',
      { ...vehicleAccount(vinA), keepalive: 1201 },
      'Connection refused: undefined',
    ],
  ])('%s', async (_title, options, outcome) => {
    await withBroker(async ({ broker, client }) => {
      expect(await outcomeOf(client(options))).toBe(outcome);
      expect(broker.connections()).toBe(outcome === 'connected' ? 1 : 0);
    });
  });

  test('a client with MQTT 5 is refused with the version as the reason, and counted so', async () => {
    await withBroker(async ({ broker, client }) => {
      const outcome = await outcomeOf(client({ ...vehicleAccount(vinA), protocolVersion: 5 }));
      expect(outcome).toBe('Connection refused: Unacceptable protocol version');
      const slow = await outcomeOf(client({ ...vehicleAccount(vinA), keepalive: 1201 }));
      expect(slow).toBe('Connection refused: undefined');
      // The answer is out before it is counted.
      await until(() => Object.keys(broker.refusals()).length === 2, 'both are counted');
      expect(broker.refusals()).toEqual({ protocol_version: 1, keep_alive: 1 });
    });
  });

  test('a store of credentials that does not answer is no refusal for good', async () => {
    await withBroker(
      async ({ client }) => {
        const outcome = await outcomeOf(client(vehicleAccount(vinA)));
        expect(outcome).toBe('Connection refused: Server unavailable');
      },
      { lookUp: () => Promise.reject(new Error('database away')) },
    );
  });

  test('a known vehicle is looked up once for many connections, an unknown one each time', async () => {
    await withBroker(async ({ client, lookUps }) => {
      for (let round = 0; round < 3; round += 1) {
        await connected(client(vehicleAccount(vinA)));
        await outcomeOf(client(vehicleAccount('11111111111111111')));
      }
      expect(lookUps.filter((vin) => vin === vinA).length).toBe(1);
      expect(lookUps.filter((vin) => vin !== vinA).length).toBe(3);
    });
  });

  test('connections over the limit are closed and those within it stay', async () => {
    await withBroker(
      async ({ broker, client }) => {
        const first = await connected(client(vehicleAccount(vinA)));
        expect(await outcomeOf(client(vehicleAccount(vinB)))).not.toBe('connected');
        expect(first.connected).toBe(true);
        expect(broker.refusals()).toEqual({ too_many_connections: 1 });
      },
      { connectionMax: 1 },
    );
  });
});

describe('what is not published', () => {
  test.each([
    ["another vehicle's result", `vehicles/${vinB}/evt/result`, 1, false, 'topic'],
    ["another vehicle's status", `vehicles/${vinB}/evt/status`, 1, true, 'topic'],
    ["another vehicle's telemetry", `vehicles/${vinB}/telemetry`, 0, false, 'topic'],
    ['a command to itself', `vehicles/${vinA}/cmd/configure`, 1, false, 'topic'],
    ['a command to another vehicle', `vehicles/${vinB}/cmd/configure`, 1, false, 'topic'],
    ['a topic of no channel', `vehicles/${vinA}/evt/other`, 1, false, 'topic'],
    ['a topic outside the fleet', 'anything', 1, false, 'topic'],
    ['a topic of the broker', '$SYS/broker/new/clients', 0, false, 'topic'],
    ['a result that would be kept', `vehicles/${vinA}/evt/result`, 1, true, 'quality'],
    ['a result that could be lost', `vehicles/${vinA}/evt/result`, 0, false, 'quality'],
    ['a status that is not kept', `vehicles/${vinA}/evt/status`, 1, false, 'quality'],
    ['telemetry that is kept', `vehicles/${vinA}/telemetry`, 0, true, 'quality'],
    ['QoS 2', `vehicles/${vinA}/evt/result`, 2, false, 'qos_2'],
  ] as const)('%s', async (_title, topic, qos, retain, reason) => {
    await withBroker(async ({ broker, client }) => {
      const inProcess: string[] = [];
      const service = broker.link.open({
        clientId: 'api-iot-inside',
        username: 'api-iot',
        password: 'service-secret',
        cleanSession: true,
        keepAliveSeconds: 60,
        onMessage: (message) => void inProcess.push(message.topic),
      });
      await until(() => service.connected, 'the service stands');
      await service.subscribe(['vehicles/+/evt/result', 'vehicles/+/evt/status', 'vehicles/+/telemetry']);
      const monitor = await connected(client(monitorAccount));
      const got = inbox(monitor);
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const other = await connected(client(vehicleAccount(vinB)));
      const commands = inbox(other);
      await other.subscribeAsync(`vehicles/${vinB}/cmd/#`, { qos: 1 });

      const vehicle = await connected(client(vehicleAccount(vinA)));
      const gone = closed(vehicle);
      vehicle.publish(topic, 'forged', { qos, retain });
      await gone;

      // What is allowed comes after it by the same ways: once it is there, the forged one would have been.
      await other.publishAsync(`vehicles/${vinB}/evt/result`, 'genuine', { qos: 1 });
      await until(() => got.length > 0 && inProcess.length > 0, 'the genuine one came');
      expect(got).toEqual([`vehicles/${vinB}/evt/result genuine`]);
      expect(inProcess).toEqual([`vehicles/${vinB}/evt/result`]);
      expect(commands).toEqual([]);
      expect(broker.refusals()).toEqual({ [reason]: 1 });
      expect(other.connected).toBe(true);
    });
  });

  test('anything by the monitor', async () => {
    await withBroker(async ({ broker, client }) => {
      const monitor = await connected(client(monitorAccount));
      const gone = closed(monitor);
      monitor.publish(`vehicles/${vinA}/cmd/configure`, 'x', { qos: 1 });
      await gone;
      expect(broker.refusals()).toEqual({ topic: 1 });
    });
  });

  test('what the broker says about itself, to the monitor', async () => {
    await withBroker(async ({ broker, client }) => {
      const monitor = await connected(client(monitorAccount));
      await monitor.subscribeAsync('$SYS/#', { qos: 1 }).catch(() => {});
      expect(broker.refusals()).toEqual({ filter: 1 });
    });
  });

  test('a retained command by the API IoT', async () => {
    await withBroker(async ({ broker, client }) => {
      const service = await connected(client(serviceAccount));
      const gone = closed(service);
      service.publish(`vehicles/${vinA}/cmd/configure`, 'x', { qos: 1, retain: true });
      await gone;
      expect(broker.refusals()).toEqual({ quality: 1 });
    });
  });
});

describe('what is not heard', () => {
  test.each([
    `vehicles/${vinA}/cmd/#`,
    `vehicles/${vinA}/cmd/configure`,
    'vehicles/+/cmd/configure',
    'vehicles/#',
    '#',
    '+/+/cmd/configure',
    `vehicles/${vinB}/evt/status`,
    '$SYS/#',
  ])('by vehicle B on %s', async (filter) => {
    await withBroker(async ({ broker, client }) => {
      const curious = await connected(client(vehicleAccount(vinB)));
      const got = inbox(curious);
      await curious.subscribeAsync(filter, { qos: 1 }).catch(() => {});
      await curious.subscribeAsync(`vehicles/${vinB}/cmd/#`, { qos: 1 });
      const vehicle = await connected(client(vehicleAccount(vinA)));
      await vehicle.publishAsync(`vehicles/${vinA}/evt/status`, 'here', { qos: 1, retain: true });
      const service = await connected(client(serviceAccount));
      await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'for A', { qos: 1 });
      await service.publishAsync(`vehicles/${vinB}/cmd/configure`, 'for B', { qos: 1 });
      await until(() => got.length > 0, 'its own command came');
      expect(got).toEqual([`vehicles/${vinB}/cmd/configure for B`]);
      expect(broker.refusals()).toEqual({ filter: 1 });
    });
  });

  test('commands by the API IoT, which only reads what vehicles say', async () => {
    await withBroker(async ({ client }) => {
      const service = await connected(client(serviceAccount));
      const got = inbox(service);
      await service.subscribeAsync('vehicles/#', { qos: 1 }).catch(() => {});
      await service.subscribeAsync('vehicles/+/evt/result', { qos: 1 });
      await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'x', { qos: 1 });
      const vehicle = await connected(client(vehicleAccount(vinA)));
      await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, 'done', { qos: 1 });
      await until(() => got.length > 0, 'the result came');
      expect(got).toEqual([`vehicles/${vinA}/evt/result done`]);
    });
  });
});

test('the link of a client gets the refused filters, and keeps the others', async () => {
  await withBroker(async ({ broker }) => {
    const got: string[] = [];
    const connection = mqttLink({ url: broker.url, log: silentLog }).open({
      clientId: `vehicle-${vinA}`,
      username: vinA,
      password: passwordOf(vinA),
      cleanSession: true,
      keepAliveSeconds: 60,
      onMessage: ({ payload }) => void got.push(payload),
    });
    const own = `vehicles/${vinA}/cmd/#`;
    const foreign = `vehicles/${vinB}/cmd/#`;
    await expect(connection.subscribe([foreign])).rejects.toThrow(`the broker refused ${foreign}`);
    await expect(connection.subscribe([own, foreign])).rejects.toThrow(`the broker refused ${foreign}`);
    connection.cut();
    connection.reconnect();
    const api = await openInProcess(broker, '', { clientId: 'api-iot', ...service });
    const command = {
      topic: `vehicles/${vinA}/cmd/configure`,
      payload: 'on',
      qos: 1,
      retain: false,
    } as const;
    await until(async () => {
      await api.publish(command);
      return got.length > 0;
    }, 'its own filter is renewed');
    expect(broker.refusals()).toEqual({ filter: 2 });
    await connection.close();
  });
});

test('of the commands that wait for a vehicle the last hundred are kept', async () => {
  await withBroker(async ({ client }) => {
    const vehicle = await connected(client(vehicleAccount(vinA)));
    await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
    await vehicle.endAsync();
    const service = await connected(client(serviceAccount));
    const sent = Array.from({ length: 150 }, (_, index) => `command ${index}`);
    for (const payload of sent) {
      await service.publishAsync(`vehicles/${vinA}/cmd/configure`, payload, { qos: 1 });
    }
    const back = client(vehicleAccount(vinA));
    const got = inbox(back);
    await until(() => got.length === 100, 'the commands came');
    // What comes after the waiting ones shows that they were all.
    await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'last', { qos: 1 });
    await until(() => got.length > 100, 'the last came');
    const expected = [...sent.slice(50), 'last'];
    expect(got).toEqual(expected.map((payload) => `vehicles/${vinA}/cmd/configure ${payload}`));
  });
});

describe('limits of packets', () => {
  test('a packet over 64 KiB closes its connection and reaches no subscriber', async () => {
    await withBroker(async ({ broker, client }) => {
      const monitor = await connected(client(monitorAccount));
      const got: number[] = [];
      monitor.on('message', (_topic, payload) => got.push(payload.length));
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const vehicle = await connected(client(vehicleAccount(vinA)));
      const gone = closed(vehicle);
      vehicle.publish(`vehicles/${vinA}/telemetry`, Buffer.alloc(66_000, 120));
      await gone;
      const other = await connected(client(vehicleAccount(vinB)));
      const topic = `vehicles/${vinB}/telemetry`;
      // Fixed header 4 bytes, topic length 2: the longest packet that is taken.
      await other.publishAsync(topic, Buffer.alloc(65_536 - 6 - topic.length, 120));
      await until(() => got.length > 0, 'the longest allowed one came');
      expect(got).toEqual([65_536 - 6 - topic.length]);
      expect(broker.refusals()).toEqual({ packet_too_large: 1 });
    });
  });

  test.each([
    ['bytes that are no MQTT', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a length that never ends', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['a packet before CONNECT', Buffer.from([0xc0, 0x00])],
    ['a CONNECT cut short', Buffer.from([0x10, 0x04, 0x00, 0x04, 0x4d, 0x51])],
    ['a publish before CONNECT', Buffer.from([0x30, 0x04, 0x00, 0x01, 0x61, 0x78])],
  ])('%s ends that connection alone', async (_title, bytes) => {
    await withBroker(async ({ broker, client }) => {
      const vehicle = await connected(client(vehicleAccount(vinA)));
      await new Promise<void>((resolve) => {
        const socket = connectSocket(broker.port, '127.0.0.1', () => socket.write(bytes));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
      });
      await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, 'still here', { qos: 1 });
      expect(broker.connections()).toBe(1);
    });
  });

  test('a payload that is no text, no JSON or empty passes through unharmed', async () => {
    await withBroker(async ({ client }) => {
      const monitor = await connected(client(monitorAccount));
      const got: Buffer[] = [];
      monitor.on('message', (_topic, payload) => got.push(payload));
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const vehicle = await connected(client(vehicleAccount(vinA)));
      const payloads = [Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('{"vin":'), Buffer.alloc(0)];
      for (const payload of payloads) {
        await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, payload, { qos: 1 });
      }
      await until(() => got.length === 3, 'all came');
      expect(got).toEqual(payloads);
    });
  });
});
