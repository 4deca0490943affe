import type { EventLoop } from '../ports/event-loop.ts';

/** Shorter turns cause no delay that a person would see. */
export const longTurnMs = 50;
/** How often a turn shows that it has ended. */
export const lookEveryMs = 20;

/** Counts long turns from the moments at which a timer of `lookEveryMs` really fired. */
export function turnCounter(startAt: number) {
  let lookedAt = startAt;
  let busyMs = 0;
  const listeners = new Set<(ms: number) => void>();

  /** The turn that ended between the last look and `at`; 0 when it was short. */
  const turnMs = (at: number) => {
    const lateMs = at - lookedAt - lookEveryMs;
    return lateMs > longTurnMs ? lateMs : 0;
  };

  return {
    look(at: number): void {
      const ms = turnMs(at);
      lookedAt = at;
      if (ms === 0) return;
      busyMs += ms;
      for (const listener of listeners) listener(ms);
    },
    /** At `at`, also when the look is still to come. */
    busyMs: (at: number) => busyMs + turnMs(at),
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
    onLongTurn: counter.onLongTurn,
    async stop() {
      clearInterval(timer);
    },
  };
}
