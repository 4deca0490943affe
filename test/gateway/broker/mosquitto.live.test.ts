import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import {
  closed,
  connected,
  inbox,
  monitorAccount,
  outcomeOf,
  serviceAccount,
  vehicleAccount,
  vinA,
  vinB,
} from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';
import { withMosquitto } from './mosquitto.ts';

type Open = (options: IClientOptions) => MqttClient;

async function withClients(work: (open: Open) => Promise<void>): Promise<void> {
  await withMosquitto(async (url) => {
    const clients: MqttClient[] = [];
    try {
      await work((options) => {
        const client = connect(url, { reconnectPeriod: 0, protocolVersion: 4, ...options });
        client.on('error', () => {});
        clients.push(client);
        return client;
      });
    } finally {
      await Promise.all(clients.map((client) => client.endAsync(true)));
    }
  });
}

describe('Mosquitto with the documented files', () => {
  test('accepts only clients with a password', async () => {
    await withClients(async (open) => {
      const refused = 'Connection refused: Not authorized';
      expect(await outcomeOf(open(vehicleAccount(vinA)))).toBe('connected');
      expect(await outcomeOf(open(serviceAccount))).toBe('connected');
      expect(await outcomeOf(open(monitorAccount))).toBe('connected');
      expect(await outcomeOf(open({ ...vehicleAccount(vinB), password: 'guess' }))).toBe(refused);
      expect(await outcomeOf(open(vehicleAccount('11111111111111111')))).toBe(refused);
      expect(await outcomeOf(open({ clientId: 'nobody' }))).toBe(refused);
    });
  });

  test('delivers nothing that a vehicle writes on a topic of another one, nor what the monitor writes', async () => {
    await withClients(async (open) => {
      const monitor = await connected(open(monitorAccount));
      const got = inbox(monitor);
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const vehicle = await connected(open(vehicleAccount(vinA)));
      for (const topic of [
        `vehicles/${vinB}/evt/result`,
        `vehicles/${vinB}/evt/status`,
        `vehicles/${vinB}/telemetry`,
        `vehicles/${vinB}/cmd/configure`,
        `vehicles/${vinA}/cmd/configure`,
        `vehicles/${vinA}/evt/other`,
      ]) {
        // Acknowledged or not: what counts is what arrives.
        vehicle.publish(topic, 'forged', { qos: 1 });
      }
      monitor.publish(`vehicles/${vinA}/cmd/configure`, 'forged', { qos: 1 });
      await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, 'genuine', { qos: 1 });
      await until(() => got.length > 0, 'the genuine one came');
      expect(got).toEqual([`vehicles/${vinA}/evt/result genuine`]);
    });
  });

  test.each([`vehicles/${vinA}/cmd/#`, 'vehicles/+/cmd/configure', 'vehicles/#', '#'])(
    'delivers to vehicle B nothing of vehicle A on %s',
    async (filter) => {
      await withClients(async (open) => {
        const curious = await connected(open(vehicleAccount(vinB)));
        const got = inbox(curious);
        await curious.subscribeAsync(filter, { qos: 1 }).catch(() => {});
        await curious.subscribeAsync(`vehicles/${vinB}/cmd/#`, { qos: 1 });
        const vehicle = await connected(open(vehicleAccount(vinA)));
        await vehicle.publishAsync(`vehicles/${vinA}/evt/status`, 'here', { qos: 1, retain: true });
        const service = await connected(open(serviceAccount));
        await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'for A', { qos: 1 });
        await service.publishAsync(`vehicles/${vinB}/cmd/configure`, 'for B', { qos: 1 });
        await until(() => got.length > 0, 'its own command came');
        // Overlapping subscriptions of one client may deliver its own command twice.
        expect(new Set(got)).toEqual(new Set([`vehicles/${vinB}/cmd/configure for B`]));
      });
    },
  );

  test("publishes no will on another vehicle's topic", async () => {
    await withClients(async (open) => {
      const monitor = await connected(open(monitorAccount));
      const got = inbox(monitor);
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const willOf = (vin: string) =>
        ({
          topic: `vehicles/${vin}/evt/status`,
          payload: Buffer.from('gone'),
          qos: 1,
          retain: true,
        }) as const;
      const liar = open({ ...vehicleAccount(vinB), will: willOf(vinA) });
      await outcomeOf(liar);
      liar.stream.destroy();
      const honest = await connected(open({ ...vehicleAccount(vinA), will: willOf(vinA) }));
      honest.stream.destroy();
      await until(() => got.length > 0, 'the honest will came');
      await connected(open({ ...vehicleAccount(vinB), clean: true }));
      expect(got).toEqual([`vehicles/${vinA}/evt/status gone`]);
    });
  });

  test('closes the connection of a packet over 64 KiB', async () => {
    await withClients(async (open) => {
      const monitor = await connected(open(monitorAccount));
      const got = inbox(monitor);
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const vehicle = await connected(open(vehicleAccount(vinA)));
      const gone = closed(vehicle);
      vehicle.publish(`vehicles/${vinA}/telemetry`, Buffer.alloc(66_000, 120));
      await gone;
      const other = await connected(open(vehicleAccount(vinB)));
      await other.publishAsync(`vehicles/${vinB}/evt/result`, 'genuine', { qos: 1 });
      await until(() => got.length > 0, 'the genuine one came');
      expect(got).toEqual([`vehicles/${vinB}/evt/result genuine`]);
    });
  });

  test('keeps commands for a vehicle that is away', async () => {
    await withClients(async (open) => {
      const vehicle = await connected(open(vehicleAccount(vinA)));
      await vehicle.subscribeAsync(`vehicles/${vinA}/cmd/#`, { qos: 1 });
      await vehicle.endAsync();
      const service = await connected(open(serviceAccount));
      await service.publishAsync(`vehicles/${vinA}/cmd/configure`, 'waits', { qos: 1 });
      const back = open(vehicleAccount(vinA));
      const got = inbox(back);
      await until(() => got.length > 0, 'the command came');
      expect(got).toEqual([`vehicles/${vinA}/cmd/configure waits`]);
    });
  });
});
