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
  const beganMs = performance.now();
  let isStopped = false;
  const driven = (async () => {
    while (!isStopped) {
      await loop.run(startAt + Math.floor(performance.now() - beganMs));
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
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
