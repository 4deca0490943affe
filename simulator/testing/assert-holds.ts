import { brokenRule } from '../world/judgement.ts';
import { timelineOf, timelineText } from '../world/timeline.ts';
import type { WorldRun } from '../world/world.ts';

/** Throws when a rule did not hold in the run: the rule, what broke it, and who did what until then. */
export function assertHolds(run: WorldRun): void {
  const broken = brokenRule(run);
  if (broken === null) return;
  throw new Error(`${broken.rule}\n  ${broken.sentence}\n\n${timelineText(timelineOf(run.trace))}`);
}
