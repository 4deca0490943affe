import { type VirtualLoop, virtualLoop } from '../../shared/virtual/loop.ts';

export interface PacedLoop {
  readonly loop: VirtualLoop;
  stop(): Promise<void>;
}

/**
 * A virtual loop that is driven in real time, never faster than the wall clock, so that the contract suites, which wait
 * in real time, judge the virtual adapters by the very words by which they judge the live ones.
 */
export function pacedLoop(startAt = Date.now()): PacedLoop {
  const loop = virtualLoop({ startAt });
  let isStopped = false;
  const driven = (async () => {
    while (!isStopped) {
      // One millisecond a turn: virtual time that caught up after a busy moment would shorten what the suites measure.
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
      await loop.run(loop.now() + 1);
    }
  })();
  return {
    loop,
    async stop() {
      isStopped = true;
      await driven;
    },
  };
}
