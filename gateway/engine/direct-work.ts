/** Activations that may wait here; the sweep finds the others. */
const waitingMax = 10_000;

/** Works on activations in this process, without a wake-up: a bounded number at once, in the order of asking. */
export interface DirectWork {
  /** False: too many wait already. */
  add(id: string): boolean;
  /** Forgets what waits and resolves when the work under way has ended. */
  stop(): Promise<void>;
}

/** Stands in for the queue while the bus is away: the database is the truth, and a wake-up only a hint. `work` never rejects. */
export function directWork(options: {
  readonly concurrency: number;
  readonly work: (id: string) => Promise<void>;
}): DirectWork {
  const waiting = new Set<string>();
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function begin(): void {
    for (const id of waiting) {
      if (running.size >= options.concurrency) return;
      waiting.delete(id);
      const task: Promise<void> = options.work(id).finally(() => {
        running.delete(task);
        begin();
      });
      running.add(task);
    }
  }

  return {
    add(id) {
      if (isStopped || waiting.size >= waitingMax) return false;
      waiting.add(id);
      begin();
      return true;
    },
    async stop() {
      isStopped = true;
      waiting.clear();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
