import { connect, type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { type Platform, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { takesAPurchase } from './story.ts';

/** A connection with the vehicle's own name and password, beside the vehicle's. */
async function intruder(platform: Platform, index: number): Promise<MqttClient> {
  const vehicle = platform.vehicles[index];
  const client = connect(platform.mqttUrl, {
    clientId: `vehicle-${vehicle?.vin}-test`,
    username: vehicle?.vin ?? '',
    password: vehicle?.password ?? '',
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  client.on('error', () => {});
  await until(() => client.connected, 'the second connection stands');
  return client;
}

describe.concurrent('a vehicle’s messages', () => {
  const reasonsOf = (platform: Platform) =>
    platform.log
      .filter(({ event }) => event === 'api_iot.message_refused')
      .map(({ fields }) => fields.reason);

  test('that are malformed, or carry another VIN, are refused, counted and logged; nothing else changes', async () => {
    await withPlatform({ vehicles: [{}, {}] }, async (platform) => {
      const { vin, vehicles } = platform;
      const other = vehicles[1]?.vin;
      const client = await intruder(platform, 0);
      const result = {
        commandId: 'cmd_1',
        vin,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
        clock: 1,
      };
      const latin1 = Buffer.from(JSON.stringify({ ...result, commandId: 'cmd_Jos\xe9' }), 'latin1');
      const bad: [topic: string, payload: string | Buffer, reason: string][] = [
        [topics.result(vin), 'not JSON', 'not_json'],
        [topics.result(vin), '', 'not_json'],
        [topics.result(vin), latin1, 'not_utf8'],
        [topics.telemetry(vin), Buffer.from([0xff, 0xfe]), 'not_utf8'],
        [topics.result(vin), '{"commandId":"cmd_1"}', 'wrong_shape'],
        [topics.result(vin), JSON.stringify({ ...result, results: [] }), 'wrong_shape'],
        [topics.result(vin), JSON.stringify({ ...result, vin: other }), 'wrong_vin'],
        [topics.result(vin), JSON.stringify(result), 'unknown_command'],
        [topics.telemetry(vin), '{"vin":1}', 'wrong_shape'],
        [topics.telemetry(vin), JSON.stringify({ vin: other, clock: 1, signals: {} }), 'wrong_vin'],
      ];
      for (const [topic, payload] of bad) await client.publishAsync(topic, payload, { qos: 1 });
      const status = { vin: other, online: false, clock: 1 };
      await client.publishAsync(topics.status(vin), JSON.stringify(status), { qos: 1, retain: true });
      const reasons = [...bad.map(([, , reason]) => reason), 'wrong_vin'];
      await until(() => reasonsOf(platform).length >= reasons.length, 'all are refused');
      expect(reasonsOf(platform)).toEqual(reasons);
      expect(client.connected).toBe(true);
      await client.endAsync();
      for (const name of [vin, other]) {
        const twin = await platform.clients.apiIot.get(`/vehicle/${name}/status`);
        expect(twin.body).toMatchObject({ vin: name, online: true });
      }
      await takesAPurchase(platform);
    });
  });

  test('on another vehicle’s topic end the connection, and no subscriber receives them', async () => {
    await withPlatform({ vehicles: [{}, {}] }, async (platform) => {
      const { vin, vehicles, gateway } = platform;
      const other = vehicles[1]?.vin ?? '';
      const taken: string[] = [];
      gateway.apiIot?.broker?.tap(({ clientId, topic }) => {
        if (clientId.endsWith('-test')) taken.push(topic);
      });
      for (const topic of [
        topics.result(other),
        topics.telemetry(other),
        topics.configure(vin),
        'somewhere/else',
      ]) {
        const client = await intruder(platform, 0);
        client.publish(topic, '{}', { qos: 1 });
        await until(() => !client.connected, `the broker ends the connection of ${topic}`);
        await client.endAsync(true);
      }
      const client = await intruder(platform, 0);
      const granted = await client
        .subscribeAsync(`vehicles/${other}/cmd/#`, { qos: 1 })
        .catch((error: Error) => error.message);
      await client.endAsync(true);
      expect([granted, taken]).toEqual(['Subscribe error: Unspecified error', []]);
      expect(gateway.apiIot?.broker?.refusals()).toEqual({ topic: 4, filter: 1 });
      expect(reasonsOf(platform)).toEqual([]);
      await takesAPurchase(platform);
    });
  });

  test('need the right password', async () => {
    await withPlatform({}, async (platform) => {
      const { vin } = platform;
      const client = connect(platform.mqttUrl, {
        clientId: `vehicle-${vin}-test`,
        username: vin,
        password: systemSecrets.newToken(),
        protocolVersion: 4,
        reconnectPeriod: 0,
      });
      const refusal = await new Promise((resolve) => client.once('error', (error) => resolve(error.message)));
      await client.endAsync(true);
      expect(refusal).toBe('Connection refused: Bad username or password');
      await takesAPurchase(platform);
    });
  });
});
