import type { Evidence } from './evidence.ts';

/**
 * Returns what a rule adds to a bound in real time, so that its verdict does not depend on the machine: the scenario's slack,
 * as many times as the machine was slow.
 */
export function slackOf({ plan, slowness = 1 }: Pick<Evidence, 'plan' | 'slowness'>): number {
  return Math.round(plan.slackMs * Math.max(1, slowness));
}
