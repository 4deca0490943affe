import { virtualLoop } from '../../shared/virtual/loop.ts';
import { describeClock } from './clock.ts';

describeClock("a process's clock on a virtual loop", () => {
  const loop = virtualLoop({ startAt: 1_800_000_000_000 });
  const clock = loop.clock('engine', -700);
  const pass = async (ms: number) => void (await loop.run(loop.now() + ms));
  return { clock, pass };
});
