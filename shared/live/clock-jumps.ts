import type { Log } from '../ports/log.ts';

/** How often the wall clock is compared with the monotonic one, and the smallest difference that is a jump: time servers slew less. */
const everyMs = 10_000;
const jumpMinMs = 2_000;

interface Clocks {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

const machineClocks: Clocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Logs each jump of the wall clock, with its milliseconds (negative: it was set back), until it is stopped. Keeps no process alive. */
export function watchClock(log: Log, { wallMs, monotonicMs }: Clocks = machineClocks) {
  const differenceMs = () => wallMs() - monotonicMs();
  let knownMs = differenceMs();
  const timer = setInterval(() => {
    const nowMs = differenceMs();
    const byMs = Math.round(nowMs - knownMs);
    knownMs = nowMs;
    if (Math.abs(byMs) >= jumpMinMs) log.warn('clock.jumped', { byMs });
  }, everyMs);
  timer.unref();
  return {
    async stop(): Promise<void> {
      clearInterval(timer);
    },
  };
}
