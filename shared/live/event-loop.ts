import type { EventLoop } from '../ports/event-loop.ts';

/** Shorter turns cause no delay that a person would see. */
export const longTurnMs = 50;
/** How often a turn shows that it has ended. */
export const lookEveryMs = 20;

/** For so long, and for as long again at the most, a late timer counts as lag. */
export const lagWindowMs = 250;

/** Counts long turns from the moments at which a timer of `lookEveryMs` really fired. */
export function turnCounter(startAt: number) {
  let lookedAt = startAt;
  let busyMs = 0;
  /** The latest timer of the window that lasts, and of the one before. */
  let window = { endsAt: startAt + lagWindowMs, lagMs: 0, beforeMs: 0 };
  const listeners = new Set<(ms: number) => void>();

  const lateMs = (at: number) => Math.max(0, at - lookedAt - lookEveryMs);
  /** The turn that ended between the last look and `at`; 0 when it was short. */
  const turnMs = (at: number) => (lateMs(at) > longTurnMs ? lateMs(at) : 0);
  const lag = (at: number) => {
    const late = lateMs(at);
    if (at < window.endsAt) return { ...window, lagMs: Math.max(window.lagMs, late) };
    const isNext = at < window.endsAt + lagWindowMs;
    return { endsAt: at + lagWindowMs, lagMs: late, beforeMs: isNext ? window.lagMs : 0 };
  };

  return {
    look(at: number): void {
      const ms = turnMs(at);
      window = lag(at);
      lookedAt = at;
      if (ms === 0) return;
      busyMs += ms;
      for (const listener of listeners) listener(ms);
    },
    /** At `at`, also when the look is still to come. */
    busyMs: (at: number) => busyMs + turnMs(at),
    /** At `at`, also when the look is still to come. */
    lagMs(at: number): number {
      const { lagMs, beforeMs } = lag(at);
      return Math.round(Math.max(lagMs, beforeMs));
    },
    onLongTurn(listener: (ms: number) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Watches the event loop of this process. `perf_hooks` has a histogram of delays, but does not say when each was. */
export function watchEventLoop(): EventLoop & { stop(): Promise<void> } {
  const counter = turnCounter(performance.now());
  const timer = setInterval(() => counter.look(performance.now()), lookEveryMs);
  timer.unref();
  return {
    busyMs: () => counter.busyMs(performance.now()),
    lagMs: () => counter.lagMs(performance.now()),
    onLongTurn: counter.onLongTurn,
    async stop() {
      clearInterval(timer);
    },
  };
}
