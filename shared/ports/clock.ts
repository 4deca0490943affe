/** The only source of time. Reading it never moves it. */
export interface Clock {
  /** The present instant in epoch milliseconds. */
  now(): number;
  /** Runs `callback` once, `delayMs` from now (0 or less: as soon as possible). Any length is allowed. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  /** Harmless after the timer fired. */
  cancel(): void;
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
