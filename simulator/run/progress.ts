import { sleep } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { countPhases } from './settled.ts';
import type { Progress, RunStage } from './stage.ts';

/** Tells where the run stands, at each step and in between. */
export function progressOf(
  { plan, clock, cars, witnesses, onProgress, progressEveryMs }: RunStage,
  answers: readonly PurchaseAnswer[],
) {
  const begunAt = clock.now();
  const ticking = new AbortController();
  let step: Progress['step'] = 'starting';
  let ticker: Promise<void> | null = null;
  let phases: Progress['phases'] = {};
  const tell = async (next: Progress['step']) => {
    step = next;
    // A database that is away for a moment costs a figure, not the run.
    phases = await countPhases(witnesses.databases.platform).catch(() => phases);
    onProgress({
      step,
      elapsedMs: clock.now() - begunAt,
      vehiclesConnected: cars.states().filter((state) => state.connected).length,
      purchases: answers.length,
      purchasesPlanned: plan.purchases.length,
      phases,
    });
  };
  return {
    tell,
    /** Tells every `progressEveryMs` until `stop`. */
    follow() {
      ticker = (async () => {
        while (!ticking.signal.aborted) {
          await sleep(clock, progressEveryMs, ticking.signal);
          await tell(step);
        }
      })();
    },
    async stop() {
      ticking.abort();
      await ticker;
    },
  };
}
