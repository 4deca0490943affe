import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';
import { type ProblemError, problemError } from '../http/problem.ts';
import { admissionOf, limitAfter, type PurchaseLimit, placesOf, startLimit } from './purchase-limit.ts';

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
  /** Returns the same refusal, or null: for who answers before there is a request for a handler. */
  refusal(): ProblemError | null;
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
  eventLoop,
  max = standardPurchasesMax,
}: {
  readonly clock: Clock;
  /** Absent in virtual time, where a turn takes none. */
  readonly eventLoop?: Pick<EventLoop, 'lagMs'>;
  readonly max?: number;
}): PurchaseAdmission {
  let limit: PurchaseLimit = startLimit(max, eventLoop !== undefined);
  let underWay = 0;
  const refused: Record<PurchaseRefusal, number> = { overload: 0, client_gone: 0 };
  const queue = new Set<Waiting>();

  const hasPlace = () => underWay < placesOf(limit);
  const lagMs = () => eventLoop?.lagMs() ?? 0;
  const admission = () =>
    admissionOf({ underWay, waiting: queue.size, places: placesOf(limit), lagMs: lagMs() });

  function beginWaiting(): void {
    for (const next of queue) {
      if (!hasPlace()) return;
      queue.delete(next);
      next.timer.cancel();
      next.begin();
    }
  }

  function refuse(reason: PurchaseRefusal): ProblemError {
    refused[reason] += 1;
    return reason === 'overload' ? overloaded() : clientGone();
  }

  function place(signal: AbortSignal): Promise<void> {
    const now = admission();
    if (now === 'refuse') return Promise.reject(refuse('overload'));
    if (now === 'begin') {
      underWay += 1;
      return Promise.resolve();
    }
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
      if (admission() === 'refuse') throw refuse('overload');
    },
    refusal: () => (admission() === 'refuse' ? refuse('overload') : null),
    async run(signal, work) {
      if (signal.aborted) throw refuse('client_gone');
      await place(signal);
      try {
        if (signal.aborted) throw refuse('client_gone');
        const begunAt = clock.now();
        return await work(() => {
          const at = clock.now();
          limit = limitAfter(limit, { tookMs: at - begunAt, at, underWay, lagMs: lagMs() }, max);
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
