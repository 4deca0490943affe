import type { Clock } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { CourseSettings, RunContext } from '../run/run-context.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Mapping } from './mapping.ts';
import { isSettled, type TargetCases, type TargetEvidence, targetCases } from './target-case.ts';
import { whyNothingFits } from './unusable-mapping.ts';

/** An engine of the user's own knows nothing of a compressed scenario: it has at least this long to end its work. */
const settleLeastMs = 60_000;
/** So long nothing may move before the evidence is taken: a second charge may come after the first. */
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

/**
 * Returns what takes the place of the open work of a database: a look at the evidence. All is still once every accepted purchase has
 * ended by what is seen, or the mapping fits nothing of it, and nothing moves.
 */
export function lookAtTarget(deps: {
  readonly clock: Pick<Clock, 'now'>;
  readonly plan: Plan;
  readonly mapping: Mapping;
  readonly answers: readonly PurchaseAnswer[];
  readonly read: () => Promise<TargetEvidence>;
}): Required<Pick<RunContext, 'isStill'>> & { refresh(): Promise<void> } {
  const { clock, plan, mapping, answers, read } = deps;
  let isStill: boolean = false;
  let seenBefore = '';
  let movedAt = clock.now();
  function isFruitless(cases: TargetCases, evidence: TargetEvidence): boolean {
    if (clock.now() - movedAt < fruitlessMs) return false;
    // The e-mail that names its activation may still come.
    return whyNothingFits(cases, answers, { ...evidence, mails: [] }, mapping) !== null;
  }

  return {
    async refresh() {
      const evidence = await read();
      const cases = targetCases(plan, answers, evidence, mapping);
      const seen = JSON.stringify([evidence.ledger.length, evidence.apiIot, evidence.mails.length]);
      if (seen !== seenBefore) movedAt = clock.now();
      isStill = seen === seenBefore && (isSettled(cases.cases) || isFruitless(cases, evidence));
      seenBefore = seen;
    },
    isStill: () => isStill,
  };
}
