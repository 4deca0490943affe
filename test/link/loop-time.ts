import type { Clock, Timer } from '../../shared/ports/clock.ts';

/** What `setTimeout` and `setInterval` give, as far as mqtt.js, Aedes and the live link use it. */
class LoopTimer {
  readonly #clock: Clock;
  readonly #act: () => void;
  readonly #delayMs: number;
  readonly #isRepeated: boolean;
  #timer: Timer;

  constructor(clock: Clock, act: () => void, delayMs: number, isRepeated: boolean) {
    this.#clock = clock;
    this.#act = act;
    // As Node's: at least a millisecond.
    this.#delayMs = Math.max(delayMs, 1);
    this.#isRepeated = isRepeated;
    this.#timer = this.#start();
  }

  refresh(): this {
    this.cancel();
    this.#timer = this.#start();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #start(): Timer {
    return this.#clock.setTimer(this.#delayMs, () => {
      if (this.#isRepeated) this.#timer = this.#start();
      this.#act();
    });
  }
}

/**
 * Puts the time of a virtual loop in the place of Node's timers, `Date.now` and `performance.now`, and one number in the
 * place of every draw. Ticks, microtasks and immediates stay real: the loop waits for them after each event, and counts
 * everything else that would continue by itself, so that "nothing can happen any more" is known and not guessed. Returns how
 * to take it back.
 */
export function takeOverTime(clock: Clock, fraction: number): () => void {
  const native = { setTimeout, setInterval, clearTimeout, clearInterval };
  const { now: dateNow } = Date;
  const { now: performanceNow } = performance;
  const { random } = Math;
  const timer =
    (isRepeated: boolean) =>
    (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      new LoopTimer(clock, () => callback(...args), delayMs, isRepeated);
  const clear = (whichever: unknown) => {
    if (whichever instanceof LoopTimer) whichever.cancel();
    else native.clearTimeout(whichever as NodeJS.Timeout);
  };
  const startedAt = clock.now();
  Object.assign(globalThis, {
    setTimeout: timer(false),
    setInterval: timer(true),
    clearTimeout: clear,
    clearInterval: clear,
  });
  Object.assign(Date, { now: () => clock.now() });
  Object.assign(performance, { now: () => clock.now() - startedAt });
  Object.assign(Math, { random: () => fraction });
  return () => {
    Object.assign(globalThis, native);
    Object.assign(Date, { now: dateNow });
    Object.assign(performance, { now: performanceNow });
    Object.assign(Math, { random });
  };
}
