import type { Clock } from '../ports/clock.ts';

/** Node's timers overflow at 2^31 ms and then fire at once. */
const longestMs = 2_000_000_000;

/** The wall clock. Its timers keep the process alive until cancelled or fired. */
export const wallClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    let remainingMs = Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = () => {
      const stepMs = Math.min(remainingMs, longestMs);
      remainingMs -= stepMs;
      handle = setTimeout(remainingMs > 0 ? arm : callback, stepMs);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
