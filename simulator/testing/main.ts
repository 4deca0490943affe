/**
 * `fleetwake/testing`: what `fleetwake check` is made of, for a test suite of one's own. docs/testing-kit.md shows its use.
 * What is exported here is kept stable within a major version; any other file may change.
 */
export type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
export { runChecks } from '../reports/checks/all.ts';
export type { Evidence } from '../reports/evidence.ts';
export type { Verdict } from '../reports/verdict.ts';
export { brokenRule, judge } from '../world/judgement.ts';
export { minimise } from '../world/minimise.ts';
export { readOwnCatalogue as readCatalogue } from '../world/own-catalogue.ts';
export { policyMistakes, readPolicy, type SchedulePolicy } from '../world/own-policy.ts';
export { probeRun, probes } from '../world/probes.ts';
export { calmSchedule, type Schedule, scheduleSchema } from '../world/schedule.ts';
export { timelineOf, timelineText } from '../world/timeline.ts';
export { runWorld, type WorldRun } from '../world/world.ts';
export {
  catalogues,
  type Fleet,
  fleets,
  retryPolicies,
  type ScheduleOptions,
  schedules,
} from './arbitraries.ts';
export { assertHolds } from './assert-holds.ts';
