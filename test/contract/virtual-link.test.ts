import { afterAll } from 'vitest';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { pacedLoop } from '../helpers/paced-loop.ts';
import { describeDeviceLink } from './device-link.ts';

const paced = pacedLoop();
afterAll(() => paced.stop());
const broker = virtualBroker({ loop: paced.loop, random: seededRandom(1) });
const account = () => ({ username: 'anybody', password: 'anything' });

describeDeviceLink('virtual, beside its broker', async () => ({
  link: broker.connect(paced.loop.process('clients')),
  root: 'vehicles',
  credentials: account,
}));

describeDeviceLink('virtual, in the process of its broker', async () => ({
  link: broker.connect(paced.loop.process('gateway'), { embedded: true }),
  root: 'vehicles',
  credentials: account,
}));
