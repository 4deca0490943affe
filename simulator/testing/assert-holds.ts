import { brokenRule, type JudgedRun } from '../check/judge.ts';
import type { TestCaseRun } from '../check/test-case-run.ts';
import { timelineOf, timelineText } from '../check/timeline.ts';

/** Throws when a rule did not hold in the run: the rule, what broke it, and who did what until then. */
export function assertHolds(run: JudgedRun & Pick<TestCaseRun, 'trace'>): void {
  const broken = brokenRule(run);
  if (broken === null) return;
  throw new Error(`${broken.rule}\n  ${broken.sentence}\n\n${timelineText(timelineOf(run.trace))}`);
}
