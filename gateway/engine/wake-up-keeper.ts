import type { Clock } from '../../shared/ports/clock.ts';

/** Most activations in memory; a removed one costs only an unnecessary message. */
const keptMax = 200_000;

/**
 * Remembers for each activation the message that was nak'ed until the activation is due. One is enough: further messages (of
 * a sweep, of a freed vehicle) would be delivered at every due time until the activation ends.
 */
export function wakeUpKeeper(clock: Clock) {
  const kept = new Map<string, { readonly sequence: number; readonly until: number }>();

  function makeRoom(): void {
    if (kept.size < keptMax) return;
    const now = clock.now();
    for (const [id, { until }] of kept) if (until <= now) kept.delete(id);
    if (kept.size >= keptMax) kept.clear();
  }

  return {
    /** Whether another message of this activation comes back in time, so that this one may go. */
    isSpare(id: string, sequence: number, dueAt: number): boolean {
      const keeper = kept.get(id);
      if (keeper === undefined || keeper.sequence === sequence) return false;
      return keeper.until > clock.now() && keeper.until <= dueAt;
    },
    keep(id: string, sequence: number, until: number): void {
      makeRoom();
      kept.set(id, { sequence, until });
    },
    forget(id: string): void {
      kept.delete(id);
    },
  };
}
