import type { Clock, Timer } from '../../shared/ports/clock.ts';
import { problemError } from '../http/problem.ts';
import { limitAfter, type PurchaseLimit, placesOf, startLimit } from './purchase-limit.ts';

/** Purchases under way at once unless an option says otherwise: with more, each takes longer and none comes sooner. */
export const standardPurchasesMax = 64;
/** How long a purchase waits for a place; as many wait as may be under way, and the rest are refused at once. */
export const waitMaxMs = 80;

/** Why a purchase was not begun: there was no place for it, or its client had closed the connection. */
export const purchaseRefusals = ['overload', 'client_gone'] as const;
export type PurchaseRefusal = (typeof purchaseRefusals)[number];

export interface PurchaseFigures {
  readonly underWay: number;
  readonly waiting: number;
  /** How many may be under way now. */
  readonly places: number;
  readonly refused: Readonly<Record<PurchaseRefusal, number>>;
}

interface Waiting {
  readonly begin: () => void;
  readonly timer: Timer;
}

export interface PurchaseAdmission {
  /** Throws 503 with Retry-After when a purchase would find no place to wait; costs neither token nor body. */
  refuseWhenFull(): void;
  /**
   * Runs `work` when there is a place. Rejects with 503 and Retry-After within `waitMaxMs` when there is none, before
   * anything of the purchase exists, and does not begin work whose client has gone (`signal`). The work calls `onSaved` when the
   * purchase is saved: how long that took decides how many may be under way.
   */
  run<T>(signal: AbortSignal, work: (onSaved: () => void) => Promise<T>): Promise<T>;
  figures(): PurchaseFigures;
}

/** Bounds the purchases under way by how long the platform takes for one, so that overload is refused before any money moves. */
export function purchaseAdmission({
  clock,
  max = standardPurchasesMax,
}: {
  readonly clock: Clock;
  readonly max?: number;
}): PurchaseAdmission {
  let limit: PurchaseLimit = startLimit(max);
  let underWay = 0;
  const refused: Record<PurchaseRefusal, number> = { overload: 0, client_gone: 0 };
  const queue = new Set<Waiting>();

  const hasPlace = () => underWay < placesOf(limit);
  const hasRoomToWait = () => queue.size < placesOf(limit);

  function beginWaiting(): void {
    for (const next of queue) {
      if (!hasPlace()) return;
      queue.delete(next);
      next.timer.cancel();
      next.begin();
    }
  }

  function refuse(reason: PurchaseRefusal): Error {
    refused[reason] += 1;
    return reason === 'overload' ? overloaded() : clientGone();
  }

  function place(signal: AbortSignal): Promise<void> {
    if (hasPlace() && queue.size === 0) {
      underWay += 1;
      return Promise.resolve();
    }
    if (!hasRoomToWait()) return Promise.reject(refuse('overload'));
    return new Promise((resolve, reject) => {
      const leave = (reason: PurchaseRefusal) => {
        queue.delete(waiting);
        waiting.timer.cancel();
        signal.removeEventListener('abort', gone);
        reject(refuse(reason));
      };
      const gone = () => leave('client_gone');
      const waiting: Waiting = {
        begin() {
          underWay += 1;
          signal.removeEventListener('abort', gone);
          resolve();
        },
        timer: clock.setTimer(waitMaxMs, () => leave('overload')),
      };
      signal.addEventListener('abort', gone, { once: true });
      queue.add(waiting);
    });
  }

  return {
    refuseWhenFull() {
      if (!hasPlace() && !hasRoomToWait()) throw refuse('overload');
    },
    async run(signal, work) {
      if (signal.aborted) throw refuse('client_gone');
      await place(signal);
      try {
        if (signal.aborted) throw refuse('client_gone');
        const begunAt = clock.now();
        return await work(() => {
          const at = clock.now();
          limit = limitAfter(limit, { tookMs: at - begunAt, at, underWay }, max);
        });
      } finally {
        underWay -= 1;
        beginWaiting();
      }
    },
    figures: () => ({ underWay, waiting: queue.size, places: placesOf(limit), refused: { ...refused } }),
  };
}

function overloaded() {
  const detail =
    'Too many purchases are under way. This request bought nothing; send it again after a second.';
  return problemError('unavailable', detail, {}, { 'retry-after': '1' });
}

/** Never received: the connection is closed. */
function clientGone() {
  return problemError('unavailable', 'The client has gone. This request bought nothing.');
}
