import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Customers } from '../run/buying.ts';
import type { CourseSettings, RunContext } from '../run/run-context.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Mapping } from './mapping.ts';
import { isSettled, type TargetCases, type TargetEvidence, targetCases } from './target-case.ts';
import { targetCustomers } from './target-customers.ts';
import { whyNothingFits } from './unusable-mapping.ts';

/** An answer takes no longer; a purchase without one counts as unanswered. */
export const answerMaxMs = 60_000;

/** An engine of the user's own knows nothing of a compressed scenario: it has at least this long to end its work. */
const settleLeastMs = 60_000;
/** So long nothing may move at a live engine before the evidence is taken: a second charge may come after the first. */
const calmMs = 1_000;
/** A mapping that fits nothing is not waited for once nothing has moved for so long. */
const fruitlessMs = 10_000;

/** Returns the course of a scenario's run against an engine whose databases the run cannot ask. */
export function targetCourse(plan: Plan): CourseSettings {
  const course = scenarioCourse(plan);
  return {
    ...course,
    livenessMs: Math.max(course.livenessMs, settleLeastMs),
    calmMs,
    unreachableMs: Number.POSITIVE_INFINITY,
    evidenceWaitMs: 0,
  };
}

interface LookDeps {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly mapping: Mapping;
  readonly read: () => Promise<TargetEvidence>;
  /** So long nothing may have moved (0). */
  readonly restMs?: number;
  /** Once nothing has moved for so long and no command waits, an engine counts as stalled, even if purchases have not ended. Without it: never. */
  readonly stallMs?: number;
  /** Changes whenever the evidence may have changed: it is read anew only then. Without it, at each look. */
  readonly version?: () => number;
}

/** Returns the customers of an engine of the user's own, and a look at what is seen of their purchases. */
export function targetSide(deps: LookDeps & { readonly http: Http; readonly target: string }): {
  readonly customers: Customers;
  readonly look: ReturnType<typeof lookAtTarget>;
} {
  const answers: PurchaseAnswer[] = [];
  return {
    customers: { ...targetCustomers(deps), onAnswer: (answer) => answers.push(answer) },
    look: lookAtTarget({ ...deps, answers }),
  };
}

/**
 * Returns what takes the place of the open work of a database: a look at the evidence. All is still once every accepted purchase has
 * ended by what is seen, or the mapping fits nothing of it, or the engine has stalled, and nothing moves.
 */
export function lookAtTarget(
  deps: Omit<LookDeps, 'clock'> & {
    readonly clock: Pick<Clock, 'now'>;
    readonly answers: readonly PurchaseAnswer[];
  },
): Required<Pick<RunContext, 'isStill'>> & { refresh(): Promise<void> } {
  const { clock, plan, mapping, answers, read, restMs = 0, version } = deps;
  const { stallMs = Number.POSITIVE_INFINITY } = deps;
  let hasEnded: boolean = false;
  let isStill: boolean = false;
  let seenBefore = '';
  let versionBefore: string | null = null;
  let movedAt = clock.now();
  function isFruitless(cases: TargetCases, evidence: TargetEvidence): boolean {
    if (clock.now() - movedAt < fruitlessMs) return false;
    // The notification that names its activation may still come.
    return whyNothingFits(cases, answers, { ...evidence, mails: [], pushes: [] }, mapping) !== null;
  }
  function hasStalled({ apiIot }: TargetEvidence): boolean {
    const lastAt = Math.max(movedAt, answers.at(-1)?.at ?? 0);
    return clock.now() - lastAt >= stallMs && apiIot.every(({ endedAt }) => endedAt !== null);
  }

  return {
    async refresh() {
      const current = version === undefined ? null : `${version()} ${answers.length}`;
      if (current !== null && current === versionBefore) {
        isStill = hasEnded && clock.now() - movedAt >= restMs;
        return;
      }
      versionBefore = current;
      const evidence = await read();
      const cases = targetCases(plan, answers, evidence, mapping);
      const seen = JSON.stringify([
        evidence.ledger.length,
        evidence.apiIot,
        evidence.mails.length,
        evidence.pushes.length,
      ]);
      if (seen !== seenBefore) movedAt = clock.now();
      hasEnded = isSettled(cases.cases, mapping) || isFruitless(cases, evidence) || hasStalled(evidence);
      isStill = seen === seenBefore && hasEnded && clock.now() - movedAt >= restMs;
      seenBefore = seen;
    },
    isStill: () => isStill,
  };
}
