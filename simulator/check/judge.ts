import type { Verdict } from '../reports/verdict.ts';
import type { TestCase } from './test-case.ts';
import { runTestCase, type TestCaseRun } from './test-case-run.ts';
import type { TestCaseOptions } from './test-case-system.ts';

/** The first thing that did not hold: what a failure is known by. */
export interface Broken {
  readonly rule: string;
  readonly sentence: string;
}

/** What the judgement of a run is read from. */
export type JudgedRun = Pick<TestCaseRun, 'violations' | 'verdicts'>;

export function brokenRule(run: JudgedRun): Broken | null {
  const [violation] = run.violations;
  if (violation) return { rule: violation.rule, sentence: violation.sentence };
  const failed = run.verdicts.find((verdict) => !verdict.ok);
  if (!failed) return null;
  return { rule: nameOf(failed), sentence: failed.violations[0] ?? '' };
}

/** Every rule that the run broke, once each: those of its own first, in the order in which they broke. */
export function brokenRules(run: TestCaseRun): string[] {
  const own = run.violations.map(({ rule }) => rule);
  const failed = run.verdicts.filter((verdict) => !verdict.ok).map(nameOf);
  return [...new Set([...own, ...failed])];
}

const nameOf = ({ id, title }: Verdict) => `rule ${id}: ${title}`;

export interface Judged {
  /** Null where the run could not even be finished. */
  readonly run: TestCaseRun | null;
  readonly broken: Broken | null;
}

/** Drains deeper than the first run did: a run whose turns were cut short shows another trace. */
const deepDrain = 4;

/** Runs a test case; a run that throws is broken too. With `twice` the run is repeated with a deeper drain. */
export async function judge(
  testCase: TestCase,
  options: TestCaseOptions & { readonly twice?: boolean } = {},
): Promise<Judged> {
  try {
    const run = await runTestCase(testCase, options);
    const broken = brokenRule(run);
    if (broken !== null || options.twice !== true) return { run, broken };
    const again = await runTestCase(testCase, { ...options, drainDepth: deepDrain });
    const isSame = again.traceHash === run.traceHash;
    const sentence = `${run.traceHash} became ${again.traceHash} with a deeper drain`;
    return { run, broken: isSame ? null : { rule: 'same seed, same trace', sentence } };
  } catch (error) {
    const sentence = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    return { run: null, broken: { rule: 'run completes', sentence } };
  }
}
