import { systemIds } from '../../shared/live/ids.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { describeIds } from './ids.ts';

describeIds('of the system', systemIds);

const loop = virtualLoop({ startAt: 1_800_000_000_000 });
describeIds('virtual', () => {
  loop.kill('engine');
  return virtualIds(loop.process('engine'), seededRandom(1));
});
