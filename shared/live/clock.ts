import { uptime } from 'node:os';
import type { Clock } from '../ports/clock.ts';
import { SteadyTime } from './steady-time.ts';

/** Node's timers overflow at 2^31 ms and then fire at once. */
const longestMs = 2_000_000_000;

/** The time of this process. */
export const steadyTime = new SteadyTime({
  wallMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  uptimeMs: () => uptime() * 1_000,
});

/** The wall clock without its jumps (`SteadyTime`). Its timers keep the process alive until cancelled or fired. */
export const wallClock: Clock = {
  now: () => steadyTime.now(),
  wallNow: () => Date.now(),
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

/** The wall clock as it is set, for what another machine judges: tokens and signatures. */
export const machineClock: Clock = { ...wallClock, now: () => Date.now() };
