/** The only source of time. Reading it never moves it. */
export interface Clock {
  /** The present instant in epoch milliseconds. */
  now(): number;
  /** The wall clock as it is set, where `now` differs from it for a while after a jump. */
  wallNow?(): number;
  /** Runs `callback` once, `delayMs` from now (0 or less: as soon as possible). Any length is allowed. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  /** Harmless after the timer fired. */
  cancel(): void;
}

/** Returns the instant by which another machine judges what is sent to it: a signature, the expiry of a command. */
export function wallNow(clock: Clock): number {
  return clock.wallNow?.() ?? clock.now();
}

/** Returns how far the wall clock is ahead of the clock's own time: 0 but for a while after a jump. */
export function wallAheadMs(clock: Clock): number {
  return wallNow(clock) - clock.now();
}

/** Resolves after `delayMs`, or at once when `signal` is aborted (it never rejects). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimer(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}
