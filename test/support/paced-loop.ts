import { type VirtualLoop, virtualLoop } from '../../shared/virtual/loop.ts';

export interface PacedLoop {
  readonly loop: VirtualLoop;
  stop(): Promise<void>;
}

/**
 * A virtual loop that is driven at the pace of the wall clock, so that the contract suites, which wait in real time,
 * judge the virtual adapters by the very words by which they judge the live ones.
 */
export function pacedLoop(startAt = Date.now()): PacedLoop {
  const loop = virtualLoop({ startAt });
  let isStopped = false;
  const driven = (async () => {
    while (!isStopped) {
      const waitedFromMs = performance.now();
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
      // Only what was waited counts: virtual time that caught up would shorten what the suites measure.
      await loop.run(loop.now() + Math.floor(performance.now() - waitedFromMs));
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
