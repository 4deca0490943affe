import { afterAll } from 'vitest';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { pacedLoop } from '../helpers/paced-loop.ts';
import { describeBus } from './bus.ts';

const paced = pacedLoop();
afterAll(() => paced.stop());
const stream = virtualStream({ loop: paced.loop });
let processes = 0;

describeBus('in memory, for processes on a virtual loop', async () => {
  processes += 1;
  return stream.connect(paced.loop.process(`process ${processes}`));
});
