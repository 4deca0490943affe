import { sleep } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Progress, RunContext } from './run-context.ts';

/** Reports where the run stands, at each step and in between. */
export function progressOf(
  { plan, clock, pace, fleet, progress }: RunContext,
  answers: readonly PurchaseAnswer[],
) {
  const begunAt = clock.now();
  const ticking = new AbortController();
  let step: Progress['step'] = 'starting';
  let ticker: Promise<void> | null = null;
  let phases: Progress['phases'] = {};

  async function report(): Promise<void> {
    if (!progress) return;
    // A database that is unavailable for a moment leaves a gap in the progress; the run continues.
    phases = (await progress.countPhases?.().catch(() => phases)) ?? phases;
    progress.show({
      step,
      elapsedMs: clock.now() - begunAt,
      vehiclesConnected: fleet.states().filter((state) => state.connected).length,
      purchases: answers.length,
      purchasesPlanned: plan.purchases.length,
      phases,
    });
  }

  return {
    async enter(next: Progress['step']) {
      step = next;
      if (progress) await pace.completed(report());
    },
    /** Reports every `everyMs` until `stop`. */
    follow() {
      if (!progress) return;
      ticker = (async () => {
        while (!ticking.signal.aborted) {
          await sleep(clock, progress.everyMs, ticking.signal);
          await report();
        }
      })();
    },
    async stop() {
      ticking.abort();
      await (ticker ?? Promise.resolve());
    },
  };
}
