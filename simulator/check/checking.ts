import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { DependencyOverrides } from '../virtual-system/dependency-overrides.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { testCasesOf } from './arbitraries/test-cases.ts';
import { type Broken, brokenRules, judge } from './judge.ts';
import { minimise } from './minimise.ts';
import type { TestCasePolicy } from './own-policy.ts';
import { addHits, newProbeHits, type ProbeHits, probeRun } from './probes.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseOptions } from './test-case-system.ts';

export interface CheckOptions {
  readonly seed: number;
  /** Number of test cases in all; this worker runs every `workers`-th. */
  readonly runs: number;
  readonly worker: number;
  readonly workers: number;
  /** Stops after this time; null: runs all. */
  readonly minutes: number | null;
  /** Real time in milliseconds, for `minutes` and the statistics. */
  readonly now: () => number;
  /** Called after each run of this worker. */
  readonly onRun?: (soFar: {
    readonly runs: number;
    readonly events: number;
    readonly activations: number;
  }) => void;
  /** Policies and catalogue of a team: each test case has one of these policies, and sells from this catalogue. */
  readonly policies?: readonly TestCasePolicy[];
  readonly catalogue?: Catalogue;
  readonly overrides?: DependencyOverrides;
  /** False: a failing test case is returned as it was drawn. */
  readonly makeSmall?: boolean;
}

export interface CheckFailure extends Broken {
  /** The smallest test case that breaks the same rule. */
  readonly schedule: TestCase;
  /** Of that test case's run; null if it cannot finish. */
  readonly traceHash: string | null;
  /** Which run of the check it was, from 1. */
  readonly run: number;
  /** Every rule that the drawn test case broke. */
  readonly rules: readonly string[];
}

export interface CheckOutcome {
  readonly runs: number;
  readonly events: number;
  readonly activations: number;
  readonly failures: readonly CheckFailure[];
  readonly probes: ProbeHits;
  /** The hash of each run, with its place in the order of all. */
  readonly hashes: readonly { readonly run: number; readonly hash: string }[];
}

/** Every so many runs one is repeated with a deeper drain, and the traces compared. */
const twiceEvery = 50;
/** Most runs of fast-check's own shrinking, before the greedy pass. */
const shrinkMax = 60;

/** Draws test cases from the seed, runs this worker's share of them, and minimises the first that fails. */
export async function checkTestCases(options: CheckOptions): Promise<CheckOutcome> {
  const { seed, runs, worker, workers, minutes, now, makeSmall = true } = options;
  const { overrides = {}, catalogue = shippedCatalogue(), policies = null } = options;
  const isOwn = policies !== null || options.catalogue !== undefined;
  const caseOptions: TestCaseOptions = { overrides, catalogue };
  const schedules = testCasesOf(isOwn ? { policies, serviceCount: catalogue.services().length } : null);
  const endAt = minutes === null ? Number.POSITIVE_INFINITY : now() + minutes * 60_000;
  const probes = newProbeHits();
  const hashes: { run: number; hash: string }[] = [];
  const totals = { runs: 0, events: 0, activations: 0 };
  let drawn = 0;
  let first: Found | null = null;
  let shrunk = 0;

  async function tryOne(schedule: TestCase, run: number): Promise<Found | null> {
    const { run: ran, broken } = await judge(schedule, { ...caseOptions, twice: run % twiceEvery === 0 });
    if (ran !== null) {
      totals.events += ran.stats.events;
      totals.activations += ran.stats.activations;
      addHits(probes, probeRun(ran));
      hashes.push({ run, hash: ran.traceHash });
    }
    totals.runs += 1;
    options.onRun?.(totals);
    if (broken === null) return null;
    const rules = ran === null ? [] : brokenRules(ran);
    return { schedule, broken, run, rules: rules.length === 0 ? [broken.rule] : rules };
  }

  const property = fc.asyncProperty(schedules, async (schedule) => {
    if (first !== null) {
      // fast-check is looking for something smaller.
      shrunk += 1;
      if (shrunk > shrinkMax) return;
      const { broken } = await judge(schedule, caseOptions);
      if (broken?.rule !== first.broken.rule) return;
      first = { ...first, schedule, broken };
      throw new Error(broken.rule);
    }
    drawn += 1;
    if (drawn % workers !== worker || now() >= endAt) return;
    first = await tryOne(schedule, drawn);
    if (first !== null) throw new Error(first.broken.rule);
  });
  await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: !makeSmall,
    ...(minutes === null ? {} : { interruptAfterTimeLimit: minutes * 60_000, markInterruptAsFailure: false }),
  });
  const found = first as Found | null;
  const failures: CheckFailure[] = [];
  if (found !== null && makeSmall) failures.push(await smallest(found, caseOptions));
  else if (found !== null) {
    const { broken, schedule, run, rules } = found;
    failures.push({ ...broken, schedule, traceHash: null, run, rules });
  }
  return { ...totals, failures, probes, hashes };
}

/** The first run that broke a rule. */
interface Found {
  readonly schedule: TestCase;
  readonly broken: Broken;
  readonly run: number;
  readonly rules: readonly string[];
}

async function smallest(found: Found, caseOptions: TestCaseOptions): Promise<CheckFailure> {
  const { rule } = found.broken;
  const isTrace = rule === 'same seed, same trace';
  const schedule = await minimise(found.schedule, async (candidate) => {
    const { broken } = await judge(candidate, { ...caseOptions, twice: isTrace });
    return broken?.rule === rule;
  });
  const { run, broken } = await judge(schedule, { ...caseOptions, twice: isTrace });
  const { run: number, rules } = found;
  return { ...(broken ?? found.broken), schedule, traceHash: run?.traceHash ?? null, run: number, rules };
}

/** One hash over the hashes of all runs, in their order: the same for any number of workers. */
export function hashOfAll(hashes: CheckOutcome['hashes']): string {
  const hash = createHash('sha256');
  for (const { run, hash: one } of hashes.toSorted((a, b) => a.run - b.run)) hash.update(`${run} ${one}\n`);
  return hash.digest('hex');
}
