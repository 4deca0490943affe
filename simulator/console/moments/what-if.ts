import { fixHint } from '../../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../../shared/protocol/similar-field.ts';
import { textOf } from '../../../shared/virtual/trace.ts';
import { type TestCase, testCaseSchema } from '../../check/test-case.ts';
import { courseOfTestCase, type RunCourse } from './course.ts';
import type { Moment, MomentOptions } from './moment.ts';

/** A change of a test case from a moment on. */
export interface Change {
  /** Faults of the environment, as a test case has them; one without its instant begins at the moment. */
  readonly add?: readonly Readonly<Record<string, unknown>>[];
  /** Places of faults in the test case's `world`, from 0. */
  readonly remove?: readonly number[];
}

export type ChangedCase =
  | { readonly ok: true; readonly testCase: TestCase }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Where each kind of fault says when it begins; one that begins by a count has no instant. */
const instants: Readonly<Record<string, string>> = {
  down: 'fromMs',
  cut: 'fromMs',
  restart: 'atMs',
  stop: 'atMs',
  registered_again: 'atMs',
  nats_wiped: 'atMs',
  broker_restarted: 'atMs',
};

/** Returns the test case with a change that begins after the moment. */
export function changedAt(testCase: TestCase, { atMs }: Pick<Moment, 'atMs'>, change: Change): ChangedCase {
  const { add = [], remove = [] } = change;
  const kept = testCase.world.filter((_, index) => !remove.includes(index));
  const added = add.map((fault) => {
    const field = instants[String(fault.type)];
    // What happens in the moment's own millisecond may have happened before it.
    return field === undefined ? fault : { [field]: Math.max(0, atMs + 1), ...fault };
  });
  const parsed = testCaseSchema.safeParse({ ...testCase, world: [...kept, ...added] }, withSimilarFields);
  if (parsed.success) return { ok: true, testCase: parsed.data };
  const mistakes = parsed.error.issues.map((issue) => {
    const [list, index, ...rest] = issue.path;
    const isAdded = list === 'world' && typeof index === 'number' && index >= kept.length;
    return `${(isAdded ? ['fault', ...rest] : issue.path).join('.')}: ${fixHint(issue)}`;
  });
  return { ok: false, mistakes };
}

/** A run and its branch: the same up to a moment, and then with a change. */
export interface Branch {
  readonly testCase: TestCase;
  readonly course: RunCourse;
  /** The first line of the trace that differs; null: the branch has the same trace. */
  readonly partsAt: { readonly line: number; readonly atMs: number } | null;
  /** The branch differs before the moment already: the change took effect earlier, or changed what the run draws. */
  readonly isEarly: boolean;
}

/** Runs a changed test case to its end beside the run that it was changed from. */
export async function branchOf(
  original: RunCourse,
  moment: Pick<Moment, 'lines'>,
  testCase: TestCase,
  options: MomentOptions = {},
): Promise<Branch> {
  const course = await courseOfTestCase(testCase, `${original.timeline.title}, with the change`, options);
  const [before, after] = [original.run.trace, course.run.trace];
  const length = Math.max(before.length, after.length);
  for (let line = 0; line < length; line += 1) {
    const [one, other] = [before[line], after[line]];
    if (one !== undefined && other !== undefined && textOf(one) === textOf(other)) continue;
    const atMs = Math.min(one?.at ?? Number.POSITIVE_INFINITY, other?.at ?? Number.POSITIVE_INFINITY);
    return { testCase, course, partsAt: { line, atMs }, isEarly: line < moment.lines };
  }
  return { testCase, course, partsAt: null, isEarly: false };
}
