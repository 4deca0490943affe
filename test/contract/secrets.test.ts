import { systemSecrets } from '../../shared/live/secrets.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { describeSecrets } from './secrets.ts';

describeSecrets('of the system', () => systemSecrets);

const loop = virtualLoop({ startAt: 1_800_000_000_000 });
describeSecrets('virtual', () => {
  loop.kill('engine');
  return virtualSecrets(loop.process('engine'), seededRandom(1));
});
