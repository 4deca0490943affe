import { sleep } from '../../shared/ports/clock.ts';
import { connectingMs } from '../fleet/connecting.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { CourseSettings, Progress, RunContext } from './run-context.ts';

/** Reports where the run stands, at each step and in between. */
export function progressOf(
  { plan, clock, pace, fleet, progress, settings }: RunContext,
  answers: readonly PurchaseAnswer[],
) {
  const begunAt = clock.now();
  const ticking = new AbortController();
  let step: Progress['step'] = 'starting';
  let enteredAt = begunAt;
  let ticker: Promise<void> | null = null;
  let phases: Progress['phases'] = {};

  async function report(): Promise<void> {
    if (!progress) return;
    // A database that is unavailable for a moment leaves a gap in the progress; the run continues.
    phases = (await progress.countPhases?.().catch(() => phases)) ?? phases;
    const states = fleet.states();
    const intoMs = clock.now() - enteredAt;
    progress.show({
      step,
      elapsedMs: clock.now() - begunAt,
      vehiclesConnected: states.filter((state) => state.connected).length,
      purchases: answers.length,
      purchasesPlanned: plan.purchases.length,
      remaining:
        step === 'connecting'
          ? connectingOf(fleet.finishedCount(), states.length, intoMs, settings)
          : remainingOf(step, intoMs, plan, settings),
      phases,
    });
  }

  return {
    async enter(next: Progress['step']) {
      step = next;
      enteredAt = clock.now();
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

/** A run that gives its vehicles a fixed time takes all of it. */
function connectingOf(
  finished: number,
  total: number,
  intoMs: number,
  { connectMs }: CourseSettings,
): Progress['remaining'] {
  const ms =
    connectMs === undefined ? connectingMs(finished, total, intoMs) : Math.max(0, connectMs - intoMs);
  return ms === null ? null : { until: 'all vehicles are connected', ms };
}

/** How long a step still takes: the plan says when its purchases and faults end, the policy by when all has ended. */
function remainingOf(
  step: Progress['step'],
  intoMs: number,
  { purchases }: Plan,
  { faultsEnd, livenessMs }: CourseSettings,
): Progress['remaining'] {
  if (step === 'settling') return { until: 'everything has ended', ms: Math.max(0, livenessMs - intoMs) };
  if (step !== 'running') return null;
  const lastMs = purchases.at(-1)?.atMs ?? 0;
  const endMs =
    faultsEnd.when === 'settled' ? faultsEnd.maxMs : Math.max(faultsEnd.leastMs, lastMs + faultsEnd.afterMs);
  return { until: 'purchases and faults end', ms: Math.max(0, endMs - intoMs) };
}
