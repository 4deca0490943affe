import type { Clock, Timer } from '../../shared/ports/clock.ts';
import { problemError } from '../http/problem.ts';

/** Purchases under way at once: with more, each takes longer and none comes sooner. */
export const underWayMax = 64;
/** Further ones that wait for a place, and for how long; the rest are refused at once. */
export const waitingMax = 64;
export const waitMaxMs = 80;

interface Waiting {
  readonly begin: () => void;
  readonly timer: Timer;
}

export interface PurchaseAdmission {
  /**
   * Runs `work` when there is a place. Rejects with 503 and Retry-After within `waitMaxMs` when there is none, before
   * anything of the purchase exists, and does not begin work whose client has gone (`signal`).
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** Bounds the purchases under way, so that overload is refused before any money moves. */
export function purchaseAdmission({ clock }: { readonly clock: Clock }): PurchaseAdmission {
  let underWay = 0;
  const queue = new Set<Waiting>();

  function begin(): void {
    const [next] = queue;
    if (next === undefined || underWay >= underWayMax) return;
    queue.delete(next);
    next.timer.cancel();
    next.begin();
  }

  function place(signal: AbortSignal): Promise<void> {
    if (underWay < underWayMax && queue.size === 0) {
      underWay += 1;
      return Promise.resolve();
    }
    if (queue.size >= waitingMax) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const leave = (error: Error) => {
        queue.delete(waiting);
        waiting.timer.cancel();
        signal.removeEventListener('abort', gone);
        reject(error);
      };
      const gone = () => leave(clientGone());
      const waiting: Waiting = {
        begin() {
          underWay += 1;
          signal.removeEventListener('abort', gone);
          resolve();
        },
        timer: clock.setTimer(waitMaxMs, () => leave(overloaded())),
      };
      signal.addEventListener('abort', gone, { once: true });
      queue.add(waiting);
    });
  }

  return {
    async run(signal, work) {
      if (signal.aborted) throw clientGone();
      await place(signal);
      try {
        if (signal.aborted) throw clientGone();
        return await work();
      } finally {
        underWay -= 1;
        begin();
      }
    },
  };
}

function overloaded() {
  const detail = 'Too many purchases are under way. Nothing was bought; send it again after a second.';
  return problemError('unavailable', detail, {}, { 'retry-after': '1' });
}

/** Never received: the connection is closed. */
function clientGone() {
  return problemError('unavailable', 'The client has gone. Nothing was bought.');
}
