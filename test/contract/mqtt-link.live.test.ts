import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { type Mosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { newTemporaryFolder, removeFolder, withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { describeDeviceLink } from './device-link.ts';

let folder: string;
let broker: Mosquitto;

beforeAll(async () => {
  folder = await newTemporaryFolder();
  broker = await startMosquitto(folder);
});
afterAll(async () => {
  await broker.stop();
  await removeFolder(folder);
});

describeDeviceLink('mqtt.js at Mosquitto', async () => ({
  link: mqttLink({ url: broker.url, log: silentLog }),
  root: 'vehicles',
  credentials: () => ({ username: 'anybody', password: 'anything' }),
}));

const options = {
  clientId: 'link-test',
  username: 'u',
  password: 'p',
  cleanSession: false,
  keepAliveSeconds: 30,
  onMessage() {},
};

describe('the MQTT link', () => {
  it('comes back by itself after the broker was restarted, subscriptions included', async () => {
    await withTemporaryFolder(async (own) => {
      const first = await startMosquitto(own);
      const received: string[] = [];
      const connection = mqttLink({ url: first.url, log: silentLog }).open({
        ...options,
        onMessage: ({ payload }) => {
          received.push(payload);
        },
      });
      await connection.subscribe(['a/+']);
      await first.stop();
      await until(() => !connection.connected, 'the link notices');
      const second = await startMosquitto(own, first.port);
      await until(() => connection.connected, 'the link is back');
      await until(async () => {
        await connection.publish({ topic: 'a/b', payload: 'back', qos: 1, retain: false });
        return received.includes('back');
      }, 'its subscription is back');
      await connection.close();
      await second.stop();
    });
  });

  it('drops the link when a handler fails, so that the broker sends the message again', async () => {
    let failures = 1;
    const received: string[] = [];
    const link = mqttLink({ url: broker.url, log: silentLog });
    const connection = link.open({
      ...options,
      clientId: 'link-test-failing',
      onMessage: async ({ payload }) => {
        received.push(payload);
        if (failures-- > 0) throw new Error('the database is away');
      },
    });
    await connection.subscribe(['failing/+']);
    await connection.publish({ topic: 'failing/1', payload: 'a', qos: 1, retain: false }).catch(() => {});
    await until(() => received.length === 2, 'it comes again');
    expect(received).toEqual(['a', 'a']);
    await connection.close();
  });
});
