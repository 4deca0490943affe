/** What a machine says of time, in milliseconds. */
export interface TimeSources {
  /** The wall clock, which can be set. */
  readonly wallMs: () => number;
  /** Never set; may stand still while the machine is suspended. The same in every process of the machine. */
  readonly monotonicMs: () => number;
  /** Since the machine started, suspension included. */
  readonly uptimeMs: () => number;
}

/** Values with which another process of this machine continues at the same time. */
export interface SteadyState {
  /** Steady time minus wall time when the last jump was seen. */
  readonly offsetMs: number;
  /** When that was, by the monotonic clock. */
  readonly sinceMs: number;
  readonly wallMinusMonotonicMs: number;
  readonly uptimeMinusMonotonicMs: number;
}

/** Time servers slew less than this; what is more was a jump. */
const jumpMinMs = 2_000;
/** By so much of the time that passes steady time then draws nearer to the wall clock. */
const slew = 0.1;
/** A clock that was wrong by more than this is not worth following slowly. */
const followMaxMs = 24 * 3_600_000;

/**
 * Wall time without jumps: when the wall clock is set, steady time continues, and then runs at most 10 % faster or slower
 * until both are equal. So a stored due time is neither early nor late by the jump. After a suspend, or a jump of more than
 * a day, it takes the wall time at once.
 */
export class SteadyTime {
  readonly #sources: TimeSources;
  #state: SteadyState;
  /** Called after each jump that was seen. */
  onJump: (state: SteadyState) => void = () => {};

  constructor(sources: TimeSources) {
    this.#sources = sources;
    this.#state = { offsetMs: 0, sinceMs: sources.monotonicMs(), ...this.#differences() };
  }

  now(): number {
    const monotonicMs = this.#sources.monotonicMs();
    const wallMs = this.#sources.wallMs();
    if (Math.abs(wallMs - monotonicMs - this.#state.wallMinusMonotonicMs) >= jumpMinMs) this.#look();
    return Math.round(wallMs + this.#offsetAt(monotonicMs));
  }

  state(): SteadyState {
    return this.#state;
  }

  /** Continues at the time of another process of this machine, which may have ended. */
  adopt(state: SteadyState): void {
    this.#state = state;
    this.now();
  }

  /** Wall and monotonic clock differ otherwise than before: the machine slept, or the wall clock was set. */
  #look(): void {
    const monotonicMs = this.#sources.monotonicMs();
    const before = this.#state;
    const after = this.#differences();
    const sleptMs = after.uptimeMinusMonotonicMs - before.uptimeMinusMonotonicMs;
    const jumpMs =
      after.wallMinusMonotonicMs - before.wallMinusMonotonicMs - (sleptMs >= jumpMinMs ? sleptMs : 0);
    const isJump = Math.abs(jumpMs) >= jumpMinMs;
    const offsetMs = this.#offsetAt(monotonicMs) - (isJump ? jumpMs : 0);
    this.#state = {
      ...after,
      offsetMs: Math.abs(offsetMs) > followMaxMs ? 0 : offsetMs,
      sinceMs: monotonicMs,
    };
    if (isJump) this.onJump(this.#state);
  }

  #differences() {
    const { wallMs, monotonicMs, uptimeMs } = this.#sources;
    const monotonic = monotonicMs();
    return { wallMinusMonotonicMs: wallMs() - monotonic, uptimeMinusMonotonicMs: uptimeMs() - monotonic };
  }

  #offsetAt(monotonicMs: number): number {
    const { offsetMs, sinceMs } = this.#state;
    const followedMs = slew * Math.max(0, monotonicMs - sinceMs);
    return Math.sign(offsetMs) * Math.max(0, Math.abs(offsetMs) - followedMs);
  }
}
