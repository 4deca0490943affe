import { virtualNetwork } from '../../shared/virtual/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { pacedLoop } from '../helpers/paced-loop.ts';
import { describeHttp, shortTimeoutMs } from './http.ts';

describeHttp('the virtual network', async (handler) => {
  const { loop, stop } = pacedLoop();
  const network = virtualNetwork({ loop, random: seededRandom(1), timeoutMs: shortTimeoutMs });
  network.listen('http://gateway.test', { process: loop.process('gateway'), handle: handler });
  // Virtual time passes no faster on a slow machine.
  const http = network.client(loop.process('customer'));
  return { http, impatient: http, origin: 'http://gateway.test', close: stop };
});
