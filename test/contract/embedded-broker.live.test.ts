import { afterAll, beforeAll } from 'vitest';
import type { Access } from '../../gateway/broker/access.ts';
import { type EmbeddedBroker, embeddedBroker } from '../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { describeDeviceLink } from './device-link.ts';

const yes = () => null;
/** The suite uses topics and client ids of its own: what the fleet's rules do has its own tests. */
const openAccess: Access = {
  refuseClientId: yes,
  refusePublish: yes,
  refuseWill: yes,
  refuseSubscribe: yes,
  refuseReceive: yes,
};
const account = { username: 'suite', password: 'secret' };
let broker: EmbeddedBroker;

beforeAll(async () => {
  broker = embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log: silentLog,
    lookUp: async () => null,
    serviceCredential: account,
    access: openAccess,
    port: 0,
  });
  await broker.start();
});
afterAll(() => broker.stop());

describeDeviceLink('mqtt.js at the embedded broker', async () => ({
  link: mqttLink({ url: broker.url, log: silentLog }),
  root: 'vehicles',
  credentials: () => account,
}));

describeDeviceLink('without a socket in the process of the embedded broker', async () => ({
  link: broker.link,
  root: 'vehicles',
  credentials: () => account,
}));
