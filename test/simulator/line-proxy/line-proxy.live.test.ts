import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import type { MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../shared/ports/log.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { standingFault, vehicleFaultRecordSchema } from '../../../simulator/faults/fault.ts';
import { startLineProxy } from '../../../simulator/live/line-proxy.ts';
import { passwordOf, service, vinA, vinB } from '../../helpers/broker-under-test.ts';
import { type LineProxyUnderTest, withLineProxy } from '../../helpers/line-proxy-under-test.ts';
import { until } from '../../helpers/until.ts';

const connected = (client: MqttClient) => until(() => client.connected, 'the vehicle is connected');

const closed = (client: MqttClient) => until(() => !client.connected, 'it is closed');

/** Everything that the API IoT receives of vehicle A, oldest first; it connects past the proxy. */
async function apiIot(under: LineProxyUnderTest) {
  const client = under.client({ clientId: 'api-iot', ...service });
  const heard: string[] = [];
  client.on('message', (_, payload) => heard.push(payload.toString()));
  await connected(client);
  await client.subscribeAsync('vehicles/+/evt/#', { qos: 1 });
  const send = (text: string) => client.publishAsync(topics.configure(vinA), text, { qos: 1 });
  return { heard, send };
}

const will = { topic: topics.status(vinA), payload: Buffer.from('gone'), qos: 1, retain: true } as const;

describe('a vehicle that Fleetwake does not play, through the line proxy', () => {
  test('connects, sends and receives, and is listed as foreign with the address of its line', async () => {
    await withLineProxy(async (under) => {
      const { heard, send } = await apiIot(under);
      const vehicle = under.vehicle();
      const received: string[] = [];
      vehicle.on('message', (_, payload) => received.push(payload.toString()));
      await connected(vehicle);
      await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
      await vehicle.publishAsync(topics.result(vinA), 'hello', { qos: 1 });
      await send('do');
      await until(() => heard.length === 1 && received.length === 1, 'both messages arrive');
      expect([heard, received]).toEqual([['hello'], ['do']]);
      expect((await under.call('GET', '/vehicles')).body).toEqual({
        vehicles: [
          { vin: vinA, model: 'unknown', region: 'ZZ', connected: true, faults: 0, isForeign: true },
        ],
      });
      expect((await under.call('GET', `/proxies/${vinA}`)).body).toEqual({
        name: vinA,
        listen: `127.0.0.1:${under.port}`,
        upstream: under.broker.url,
        enabled: true,
        toxics: [],
      });
    });
  });

  test('offline: the connection is cut, the broker publishes its will, each new one is reset until it is removed', async () => {
    await withLineProxy(async (under) => {
      const { heard } = await apiIot(under);
      const vehicle = under.vehicle({ will });
      let cuts = 0;
      vehicle.on('close', () => {
        cuts += 1;
      });
      await connected(vehicle);
      const id = await under.add({ type: 'offline' });
      await until(() => cuts >= 3, 'it was cut and dialled in vain');
      expect([vehicle.connected, heard]).toEqual([false, ['gone']]);
      await under.remove(id);
      await connected(vehicle);
    });
  });

  test('a fault may be there before the vehicle has connected; a preview names it', async () => {
    await withLineProxy(async (under) => {
      const record = { name: 'x', layer: 'link', type: 'offline', target: { selector: { vins: [vinA] } } };
      expect((await under.call('POST', '/faults/preview', record)).body).toEqual({
        vehicles: 1,
        candidates: 1,
        vins: [vinA],
      });
      const id = await under.add({ type: 'offline' });
      const vehicle = under.vehicle();
      let cuts = 0;
      vehicle.on('close', () => {
        cuts += 1;
      });
      await until(() => cuts >= 2, 'it dialled in vain');
      expect(under.broker.connections()).toBe(0);
      await under.remove(id);
      await connected(vehicle);
    });
  });

  test('packet_loss: messages stall, and every one arrives once and in order', async () => {
    await withLineProxy(async (under) => {
      const { heard, send } = await apiIot(under);
      const vehicle = under.vehicle();
      const received: string[] = [];
      vehicle.on('message', (_, payload) => received.push(payload.toString()));
      await connected(vehicle);
      await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
      const attributes = { lossRate: 0.2, roundTripMs: 1 };
      await under.add({ type: 'packet_loss', stream: 'upstream', attributes });
      await under.add({ type: 'packet_loss', stream: 'downstream', attributes });
      const texts = Array.from({ length: 30 }, (_, index) => `${index}`);
      const sent = texts.map((text) => vehicle.publishAsync(topics.result(vinA), text, { qos: 1 }));
      for (const text of texts) await send(text);
      await Promise.all(sent);
      await until(() => heard.length >= 30 && received.length >= 30, 'everything arrives');
      expect([heard, received]).toEqual([texts, texts]);
    });
  });

  test('latency delays each stream of this vehicle, and none of another one', async () => {
    await withLineProxy(async (under) => {
      const order: string[] = [];
      const { heard } = await apiIot(under);
      const slow = under.vehicle();
      const other = under.vehicle({
        clientId: `vehicle-${vinB}`,
        username: vinB,
        password: passwordOf(vinB),
      });
      await Promise.all([connected(slow), connected(other)]);
      await under.add({ type: 'latency', stream: 'upstream', attributes: { latencyMs: 5_000 } });
      const publish = async (client: MqttClient, vin: string, name: string) => {
        await client.publishAsync(topics.result(vin), name, { qos: 1 });
        order.push(name);
      };
      const startedAt = performance.now();
      const late = publish(slow, vinA, 'slow').then(() => performance.now() - startedAt);
      await publish(other, vinB, 'other');
      expect(await late).toBeGreaterThanOrEqual(4_999);
      await until(() => heard.length === 2, 'both arrive');
      expect([order, heard]).toEqual([
        ['other', 'slow'],
        ['other', 'slow'],
      ]);
    });
  });

  test('timeout: nothing passes and no side gets an error, until the keep-alive of the vehicle fails', async () => {
    await withLineProxy(async (under) => {
      const { heard } = await apiIot(under);
      const vehicle = under.vehicle({ will, keepalive: 1 });
      await connected(vehicle);
      const id = await under.add({ type: 'timeout', stream: 'upstream', attributes: { timeoutMs: 0 } });
      const sent = vehicle.publishAsync(topics.result(vinA), 'swallowed', { qos: 1 });
      await until(() => heard.length > 0, 'the will');
      expect([heard, vehicle.connected]).toEqual([['gone'], false]);
      await under.remove(id);
      await sent;
      await until(() => heard.length > 1, 'what was not acknowledged is sent again');
      expect(heard).toEqual(['gone', 'swallowed']);
    });
  });

  test('flapping and reset_peer: the connection ends again and again, and stays once they are removed', async () => {
    await withLineProxy(async (under) => {
      const vehicle = under.vehicle();
      let cuts = 0;
      vehicle.on('close', () => {
        cuts += 1;
      });
      for (const fault of [
        { type: 'flapping', attributes: { upMs: 100, downMs: 100 } },
        { type: 'reset_peer', attributes: { timeoutMs: 50 } },
      ]) {
        await connected(vehicle);
        const before = cuts;
        const id = await under.add(fault);
        await until(() => cuts >= before + 3, `${fault.type} ended it three times`);
        await under.remove(id);
      }
      await connected(vehicle);
    });
  });

  test('slow_close: the broker learns later than the vehicle that the connection has ended', async () => {
    await withLineProxy(async (under) => {
      const { heard } = await apiIot(under);
      const vehicle = under.vehicle({ will, reconnectPeriod: 0 });
      await connected(vehicle);
      await under.add({ type: 'slow_close', attributes: { delayMs: 300 } });
      const startedAt = performance.now();
      vehicle.stream.destroy();
      await closed(vehicle);
      expect(heard).toEqual([]);
      await until(() => heard.length === 1, 'the will');
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
    });
  });

  test('limit_data: the connection ends before more bytes than that are through', async () => {
    await withLineProxy(async (under) => {
      const { heard } = await apiIot(under);
      const vehicle = under.vehicle({ reconnectPeriod: 0 });
      await connected(vehicle);
      await under.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: 500 } });
      void vehicle.publishAsync(topics.result(vinA), 'x'.repeat(600), { qos: 1 }).catch(() => {});
      await closed(vehicle);
      expect(heard).toEqual([]);
    });
  });

  test('a window begins with the state connected, and with no other state', async () => {
    await withLineProxy(async (under) => {
      const target = (state: string) => ({ selector: { vins: [vinA], state } });
      await under.add({ type: 'offline', target: target('connected'), schedule: { forMs: 150, first: 2 } });
      const vehicle = under.vehicle();
      await until(async () => {
        const { faults } = (await under.call('GET', '/faults')).body as { faults: { struck: number }[] };
        return faults[0]?.struck === 2 && vehicle.connected;
      }, 'it was cut twice, and connected a third time');
      const record = { name: 'x', layer: 'link', type: 'offline', schedule: { forMs: 1_000 } };
      const refused = await under.call('POST', '/faults', { ...record, target: target('applying') });
      expect(refused.body).toMatchObject({
        status: 422,
        detail: `The fault cannot be added: ${vinA} is no vehicle that Fleetwake simulates, so only faults of the layer link can affect it, and of the states only "connected" can begin them: choose such a fault, or a simulated vehicle.`,
      });
    });
  });

  test('faults of messages and of the vehicle itself are refused, with the reason', async () => {
    await withLineProxy(async (under) => {
      await connected(under.vehicle());
      for (const [layer, type] of [
        ['vehicle', 'restart'],
        ['message', 'lose_command'],
      ]) {
        const record = { name: 'x', layer, type, target: { selector: { vins: [vinA] } } };
        expect((await under.call('POST', '/faults', record)).status).toBe(422);
      }
      const all = { name: 'x', layer: 'vehicle', type: 'restart' };
      expect((await under.call('POST', '/faults/preview', all)).body).toMatchObject({ candidates: 0 });
    });
  });

  test('Toxiproxy clients reach its line: enabled false, and toxics', async () => {
    await withLineProxy(async (under) => {
      const vehicle = under.vehicle();
      await connected(vehicle);
      const path = `/proxies/${vinA}`;
      await under.call('POST', path, { enabled: false });
      await until(() => !vehicle.connected, 'it is cut');
      await under.call('POST', path, { enabled: true });
      await connected(vehicle);
      const toxic = { type: 'reset_peer', attributes: { timeout: 20 } };
      expect((await under.call('POST', `${path}/toxics`, toxic)).status).toBe(200);
      await until(() => !vehicle.connected, 'it is reset');
    });
  });

  test('more connections than the limit are closed at once', async () => {
    await withLineProxy(
      async (under) => {
        await connected(under.vehicle());
        const second = connectTcp(under.port, '127.0.0.1');
        second.on('error', () => {});
        second.resume();
        await until(() => second.destroyed, 'it is closed');
        expect(under.broker.connections()).toBe(1);
      },
      { connectionMax: 1 },
    );
  });
});

/** A server that answers each byte with itself, behind a proxy with a port for vehicle A. */
async function withEcho(
  work: (under: { dial(): Socket; add(fault: object): void }) => Promise<void>,
): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const proxy = await startLineProxy({
    ports: [{ port: 0, vin: vinA }],
    brokerUrl: `mqtts://127.0.0.1:${port}`,
    models: [],
    log: silentLog,
  });
  const place = Number(proxy.places[0]?.match(/:(\d+)=/)?.[1]);
  try {
    await work({
      dial: () => connectTcp(place, '127.0.0.1').on('error', () => {}),
      add: (fault) =>
        proxy.lines
          .faults(vinA)
          ?.add('1', standingFault(vehicleFaultRecordSchema.parse({ name: 'x', layer: 'link', ...fault }))),
    });
  } finally {
    await proxy.stop();
    server.close();
  }
}

/** The first bytes of a TLS ClientHello. */
const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]);

describe('a port of one vehicle', () => {
  test('passes TLS as it is, and its faults need no CONNECT', async () => {
    await withEcho(async ({ dial, add }) => {
      const socket = dial();
      socket.write(hello);
      const [answer] = await once(socket, 'data');
      expect(answer).toEqual(hello);
      add({ type: 'offline' });
      await until(() => socket.destroyed, 'it is closed');
      const again = dial();
      await until(() => again.destroyed, 'it is closed');
    });
  });

  test('eight megabytes come back byte for byte through a line with latency, and the end behind them', async () => {
    await withEcho(async ({ dial, add }) => {
      add({ type: 'latency', stream: 'upstream', attributes: { latencyMs: 5, jitterMs: 5 } });
      const bytes = Buffer.alloc(8_000_000, 'the quick brown fox ');
      const socket = dial();
      const received = createHash('sha256');
      socket.on('data', (chunk) => received.update(chunk));
      socket.end(bytes);
      await once(socket, 'end');
      expect(received.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(socket.bytesRead).toBe(8_000_000);
    });
  });

  test('what a line holds is limited: its sender has to wait', async () => {
    await withEcho(async ({ dial, add }) => {
      const socket = dial();
      socket.write(hello);
      await once(socket, 'data');
      // In one turn with what follows: the window does not end before the bytes are on their way.
      add({ type: 'timeout', stream: 'upstream', attributes: { timeoutMs: 0 }, schedule: { forMs: 400 } });
      socket.write(Buffer.alloc(64_000_000));
      let unsentBytes = socket.writableLength;
      await until(() => {
        if (!socket.destroyed) unsentBytes = socket.writableLength;
        return socket.destroyed;
      }, 'it is closed');
      expect(unsentBytes).toBe(64_000_000);
    });
  });
});

test('a connection without a VIN passes, and no fault has it', async () => {
  await withLineProxy(async (under) => {
    const client = under.vehicle({ clientId: 'api-iot', ...service });
    await connected(client);
    expect((await under.call('GET', '/vehicles')).body).toEqual({ vehicles: [] });
  });
});
