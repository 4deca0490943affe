import type { Log } from '../../shared/ports/log.ts';

/** Work outside a request: a failure is logged, and `stop` waits for its end. */
export interface Background {
  run(name: string, work: () => Promise<void>): void;
  idle(): Promise<void>;
}

export function newBackground(log: Log): Background {
  const running = new Set<Promise<void>>();
  return {
    run(name, work) {
      // Not in the caller's turn: what the work refers to may not be assigned yet.
      const task = Promise.resolve()
        .then(work)
        .catch((error: unknown) => log.error('api_iot.background_failed', { name, message: String(error) }))
        .finally(() => running.delete(task));
      running.add(task);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
