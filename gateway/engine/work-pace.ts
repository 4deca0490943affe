import type { Clock } from '../../shared/ports/clock.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';

/** How soon what waits is looked at again, though no work ends: the event loop may be in time again. */
export const lookAgainMs = 50;
/**
 * From this lag on the engine works on fewer activations, from the second on on fewest. With 8 a machine that other programs keep busy was
 * slower: its works wait for answers, not for turns.
 */
const lagMs = { some: 50, much: 100 } as const;
const worksUnder = { some: 128, much: 64 } as const;

/** Returns how many activations may be worked on at once: requests are taken in the turns that the engine leaves. */
export function concurrentWorksMax(lag: number, concurrency: number): number {
  if (lag <= lagMs.some) return concurrency;
  return Math.min(concurrency, lag <= lagMs.much ? worksUnder.some : worksUnder.much);
}

/** Returns what runs work at once while the event loop is in time, and else in the order of asking, a few at once. */
export function workPace({
  clock,
  eventLoop,
  concurrency,
}: {
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Absent in virtual time, where a turn takes none: then nothing waits. */
  readonly eventLoop?: Pick<EventLoop, 'lagMs'>;
  readonly concurrency: number;
}): <T>(work: () => Promise<T>) => Promise<T> {
  if (eventLoop === undefined) return (work) => work();
  const waiting: (() => void)[] = [];
  let running = 0;
  let isLooking = false;

  const hasPlace = () => running < concurrentWorksMax(eventLoop.lagMs(), concurrency);

  function beginWaiting(): void {
    while (waiting.length > 0 && hasPlace()) {
      running += 1;
      waiting.shift()?.();
    }
    if (waiting.length === 0 || isLooking) return;
    isLooking = true;
    clock.setTimer(lookAgainMs, () => {
      isLooking = false;
      beginWaiting();
    });
  }

  return async (work) => {
    if (waiting.length > 0 || !hasPlace()) {
      const place = new Promise<void>((resolve) => waiting.push(resolve));
      beginWaiting();
      await place;
    } else running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      beginWaiting();
    }
  };
}
