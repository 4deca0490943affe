import { virtualNetwork } from '../../shared/virtual/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { pacedLoop } from '../helpers/paced-loop.ts';
import { contractTimeoutMs, describeHttp } from './http.ts';

describeHttp('the virtual network', async (handler) => {
  const { loop, stop } = pacedLoop();
  const network = virtualNetwork({ loop, random: seededRandom(1), timeoutMs: contractTimeoutMs });
  network.listen('http://gateway.test', { process: loop.process('gateway'), handle: handler });
  return { http: network.client(loop.process('customer')), origin: 'http://gateway.test', close: stop };
});
