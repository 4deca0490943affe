import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { type BackOff, backOffMs } from './back-off.ts';

/**
 * What a loop is doing; there is one mode at a time, and `followers` lists every legal change.
 *
 * - `stopped`: not started, or stopped. Wake-ups are ignored: the first pass after a start finds everything.
 * - `idle`: waits for a wake-up.
 * - `waiting`: a timer is set; an earlier wake-up sets it earlier.
 * - `running`: a pass is under way; a wake-up requests one more after it.
 * - `backing_off`: the pass before failed; a timer is set, and no wake-up shortens it.
 * - `stopping`: stop was called during a pass, which ends first.
 */
export type LoopMode = 'stopped' | 'idle' | 'waiting' | 'running' | 'backing_off' | 'stopping';

const followers: Readonly<Record<LoopMode, readonly LoopMode[]>> = {
  stopped: ['idle', 'waiting', 'running'],
  idle: ['waiting', 'running', 'stopping', 'stopped'],
  waiting: ['waiting', 'running', 'stopping', 'stopped'],
  running: ['idle', 'waiting', 'running', 'backing_off', 'stopping'],
  backing_off: ['running', 'stopping', 'stopped'],
  stopping: ['stopped'],
};

export interface LoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The log name of a failed pass. */
  readonly failureLog: string;
  /** One pass over what is due. Resolves with the instant of the next pass, or null: the next wake-up. Aborted by `stop`. */
  readonly pass: (signal: AbortSignal) => Promise<number | null>;
  readonly backOff: BackOff;
  /** How long wake-ups are gathered before one pass; 0 by default. */
  readonly gatherMs?: number;
  /** Runs a last pass for a wake-up that no pass has followed yet when the loop is stopped. */
  readonly finishesOnStop?: boolean;
  /** Called when a pass has ended, good or bad, and the mode is no longer `running`. */
  readonly onPassEnd?: () => void;
}

export interface LoopCounters {
  readonly mode: LoopMode;
  readonly passes: number;
  readonly failedPasses: number;
  /** Of the failures since the last good pass, the newest; null after a good one. */
  readonly lastError: string | null;
}

export interface BackgroundLoop {
  /** Starts with a pass after `delayMs`, or with none before a wake-up where it is null. */
  start(delayMs?: number | null): void;
  /** Requests a pass, within `gatherMs`. Cheap, and safe to call often. */
  wake(): void;
  /** Requests a pass at this instant at the latest. */
  wakeAt(at: number): void;
  /** Takes no wake-up any more and waits for the pass under way. */
  stop(): Promise<void>;
  counters(): LoopCounters;
}

/**
 * The failures in a row from which on a failed pass is an error: before, another process was faster, or the database was
 * away for a moment.
 */
const errorFrom = 3;

/**
 * Runs passes one after the other: on wake-ups, at the instants that passes ask for, and after failures with a growing wait.
 * Every error of a pass is counted and logged, and the next pass waits, so that a pass that always throws cannot loop without a pause.
 */
export function backgroundLoop(options: LoopOptions): BackgroundLoop {
  return new Loop(options);
}

class Loop implements BackgroundLoop {
  readonly #options: LoopOptions;
  #mode: LoopMode = 'stopped';
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  /** The earliest instant that was requested during a pass. */
  #requestedAt = Number.POSITIVE_INFINITY;
  /** Whether a wake-up came that no pass has followed yet. */
  #isWakeUpOpen = false;
  #running: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #passes = 0;
  #failedPasses = 0;
  #failuresInARow = 0;
  /** Passes in a row that asked for the next one at once. */
  #stalls = 0;
  #lastError: string | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(delayMs: number | null = 0): void {
    if (this.#mode !== 'stopped') return;
    this.#abort = new AbortController();
    this.#failuresInARow = 0;
    this.#stalls = 0;
    if (delayMs === null) this.#enter('idle');
    else this.#schedule(this.#options.clock.now() + delayMs);
  }

  wake(): void {
    if (this.#mode === 'stopped' || this.#mode === 'stopping') return;
    this.#isWakeUpOpen = true;
    this.wakeAt(this.#options.clock.now() + (this.#options.gatherMs ?? 0));
  }

  wakeAt(at: number): void {
    switch (this.#mode) {
      case 'idle':
        this.#schedule(at);
        return;
      case 'waiting':
        if (at < this.#timerAt) this.#schedule(at);
        return;
      case 'running':
        this.#requestedAt = Math.min(this.#requestedAt, at);
        return;
      // The pass that follows sees everything; none of these starts one.
      case 'backing_off':
      case 'stopped':
      case 'stopping':
        return;
    }
  }

  async stop(): Promise<void> {
    if (this.#mode === 'stopped') return;
    if (this.#mode === 'stopping') return this.#running;
    const isRunning = this.#mode === 'running';
    this.#clearTimer();
    this.#enter('stopping');
    this.#abort.abort();
    const before = isRunning ? this.#running : Promise.resolve();
    this.#running = before.then(() => this.#finish());
    await this.#running;
  }

  counters(): LoopCounters {
    return {
      mode: this.#mode,
      passes: this.#passes,
      failedPasses: this.#failedPasses,
      lastError: this.#lastError,
    };
  }

  /** The only place that changes the mode. */
  #enter(mode: LoopMode): void {
    if (!followers[this.#mode].includes(mode))
      throw new Error(`a background loop cannot go from ${this.#mode} to ${mode}`);
    const isPassOver = this.#mode === 'running' && mode !== 'running';
    this.#mode = mode;
    if (isPassOver) this.#options.onPassEnd?.();
  }

  #clearTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #setTimer(mode: 'waiting' | 'backing_off', at: number): void {
    const { clock } = this.#options;
    this.#clearTimer();
    this.#enter(mode);
    this.#timerAt = at;
    this.#timer = clock.setTimer(Math.max(0, at - clock.now()), () => {
      this.#clearTimer();
      this.#begin();
    });
  }

  /** Runs a pass at this instant, or now when it has come. */
  #schedule(at: number): void {
    if (at > this.#options.clock.now()) this.#setTimer('waiting', at);
    else {
      this.#clearTimer();
      this.#begin();
    }
  }

  #begin(): void {
    this.#enter('running');
    // Not in the caller's turn: what the pass refers to may not be assigned yet.
    this.#running = Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    const nextAt = await this.#pass();
    // While the pass ran, stop may have been called.
    if (this.#mode !== 'running') return;
    if (nextAt === 'failed') {
      const waitMs = backOffMs(this.#options.backOff, this.#failuresInARow);
      this.#setTimer('backing_off', this.#options.clock.now() + waitMs);
    } else {
      this.#goOn(nextAt ?? Number.POSITIVE_INFINITY);
    }
  }

  #goOn(at: number): void {
    const now = this.#options.clock.now();
    if (at > now) {
      this.#stalls = 0;
      const nextAt = Math.min(at, this.#requestedAt);
      if (nextAt === Number.POSITIVE_INFINITY) this.#enter('idle');
      else this.#schedule(nextAt);
      return;
    }
    // It asks for the next pass at once, again and again: what it did not get done must not make it spin.
    this.#setTimer(
      'waiting',
      now + backOffMs({ baseMs: 1, maxMs: this.#options.backOff.baseMs }, this.#stalls + 1),
    );
    this.#stalls += 1;
  }

  /** Runs one pass. Never rejects. */
  async #pass(): Promise<number | null | 'failed'> {
    this.#isWakeUpOpen = false;
    this.#requestedAt = Number.POSITIVE_INFINITY;
    this.#passes += 1;
    try {
      const nextAt = await this.#options.pass(this.#abort.signal);
      this.#failuresInARow = 0;
      this.#lastError = null;
      return nextAt;
    } catch (error) {
      this.#failed(error);
      return 'failed';
    }
  }

  #failed(error: unknown): void {
    this.#failedPasses += 1;
    this.#failuresInARow += 1;
    this.#lastError = maskedText(String(error));
    const level = this.#failuresInARow < errorFrom ? 'warn' : 'error';
    this.#options.log[level](this.#options.failureLog, {
      failures: this.#failuresInARow,
      reason: this.#lastError,
    });
  }

  /** A last pass for the wake-ups that came during the one before, or that were still being gathered. */
  async #finish(): Promise<void> {
    if (this.#options.finishesOnStop === true && this.#isWakeUpOpen) await this.#pass();
    this.#enter('stopped');
  }
}
