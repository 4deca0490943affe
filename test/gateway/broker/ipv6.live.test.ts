import { expect, it } from 'vitest';
import { embeddedBroker } from '../../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { until } from '../../helpers/until.ts';

it.each([
  ['::1', '[::1]'],
  ['::', '127.0.0.1'],
])('is reached under the URL that it prints when it listens on %s', async (hostname, host) => {
  const service = { username: 'api-iot', password: 'secret' };
  const broker = embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log: silentLog,
    hostname,
    port: 0,
    serviceCredential: service,
    monitorCredential: { username: 'monitor', password: 'other' },
    lookUp: async () => null,
  });
  await broker.start();
  try {
    expect(broker.url).toBe(`mqtt://${host}:${broker.port}`);
    const connection = mqttLink({ url: broker.url, log: silentLog }).open({
      clientId: 'api-iot',
      ...service,
      cleanSession: true,
      keepAliveSeconds: 60,
      onMessage: () => {},
    });
    await until(() => connection.connected, 'it connects');
    await connection.close();
  } finally {
    await broker.stop();
  }
});
