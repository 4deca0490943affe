import { expect, test } from 'vitest';
import {
  connected,
  inbox,
  monitorAccount,
  openInProcess,
  vinA,
  withBroker,
} from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';

test('a message without QoS never makes the broker lose the QoS 1 message before it', async () => {
  await withBroker(async ({ broker, client }) => {
    const monitor = await connected(client(monitorAccount));
    const got = inbox(monitor);
    await monitor.subscribeAsync('vehicles/#', { qos: 1 });
    const vehicle = await openInProcess(broker, vinA);
    const rounds = 200;
    const expected: string[] = [];
    for (let index = 0; index < rounds; index += 1) {
      const messages = [
        { topic: `vehicles/${vinA}/evt/status`, payload: `s${index}`, qos: 1, retain: true },
        { topic: `vehicles/${vinA}/evt/result`, payload: `r${index}`, qos: 1, retain: false },
        { topic: `vehicles/${vinA}/telemetry`, payload: `t${index}`, qos: 0, retain: false },
      ] as const;
      await Promise.all(messages.map((message) => vehicle.publish(message)));
      expected.push(...messages.map((message) => `${message.topic} ${message.payload}`));
    }
    await until(() => got.includes(expected.at(-1) ?? ''), 'the last came');
    expect(got).toEqual(expected);
  });
});
