/**
 * `fleetwake/testing`: what `fleetwake check` is made of, for a test suite of one's own. docs/testing-kit.md shows its use.
 * What is exported here is kept stable within a major version; any other file may change.
 */
export type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
export { brokenRule, judge } from '../check/judge.ts';
export { minimise } from '../check/minimise.ts';
export { readOwnCatalogue as readCatalogue } from '../check/own-catalogue.ts';
export { type EngineRun, type EngineSubject, runEngine } from '../check/own-engine-run.ts';
export { policyMistakes, readPolicy, type TestCasePolicy as SchedulePolicy } from '../check/own-policy.ts';
export { probeRun, probes } from '../check/probes.ts';
export {
  calmTestCase as calmSchedule,
  type TestCase as Schedule,
  testCaseSchema as scheduleSchema,
} from '../check/test-case.ts';
/** `runWorld` and `WorldRun` are their names up to 0.4. */
export {
  runTestCase,
  runTestCase as runWorld,
  type TestCaseRun,
  type TestCaseRun as WorldRun,
} from '../check/test-case-run.ts';
export { timelineOf, timelineText } from '../check/timeline.ts';
export { runChecks } from '../reports/checks/all.ts';
export type { Evidence } from '../reports/evidence.ts';
export type { Verdict } from '../reports/verdict.ts';
export { type Mapping, readMapping } from '../target/mapping.ts';
export type {
  EngineHandler,
  EngineMail,
  EngineParts,
  OwnEngine,
  RunningEngine,
} from '../virtual-system/own-engine.ts';
export {
  catalogues,
  type EngineTestCaseOptions,
  engineTestCases,
  type Fleet,
  fleets,
  retryPolicies,
  type ScheduleOptions,
  schedules,
} from './arbitraries.ts';
export { assertHolds } from './assert-holds.ts';
export { type FleetwakeOptions, type RunningFleetwake, startFleetwake } from './start-fleetwake.ts';
