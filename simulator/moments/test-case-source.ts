import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { textOfSaved } from '../check/saved-test-case.ts';
import { type TestCase, testCaseSchema } from '../check/test-case.ts';
import { runTestCase } from '../check/test-case-run.ts';
import { courseOfTestCase } from './course.ts';
import { type Moment, type MomentOptions, momentAt } from './moment.ts';
import { type ChangedSource, changedList, type RunSource, unknownNumbers } from './run-source.ts';
import type { Change } from './run-views.ts';

/** Where each kind of fault says when it begins; one that begins by a count has no instant. */
const instants: Readonly<Record<string, string>> = {
  down: 'fromMs',
  cut: 'fromMs',
  restart: 'atMs',
  stop: 'atMs',
  registered_again: 'atMs',
  nats_wiped: 'atMs',
  broker_restarted: 'atMs',
  lossy: 'fromMs',
  api_iot_fails: 'fromMs',
  clock_set: 'atMs',
  database_fails: 'fromMs',
};

/** Returns the run of a test case of `check`. */
export function testCaseSource(testCase: TestCase, title: string, options: MomentOptions = {}): RunSource {
  const faults = testCase.world.map((fault, number) => ({ number, list: 'world', fault }));
  return {
    ...{ kind: 'test case', title, faults },
    course: (shown) => courseOfTestCase(testCase, shown, options),
    traced: (tracingOf) => runTestCase(testCase, { ...options, tracingOf }),
    momentAt: (event) => momentAt(testCase, event, options),
    changedAt: (moment, change) => changedAt(testCase, title, moment, change, options),
    fileText: () => textOfSaved({ about: title, schedule: testCase }),
  };
}

function changedAt(
  testCase: TestCase,
  title: string,
  { atMs }: Pick<Moment, 'atMs'>,
  change: Change,
  options: MomentOptions,
): ChangedSource {
  const { faults } = testCaseSource(testCase, title, options);
  const unknown = unknownNumbers(change, faults);
  if (unknown.length > 0) return { ok: false, mistakes: unknown };
  const kept = changedList(testCase.world, 0, change);
  const added = (change.add ?? []).map((fault) => {
    const field = instants[String(fault.type)];
    // What happens in the moment's own millisecond may have happened before it.
    return field === undefined ? fault : { [field]: Math.max(0, atMs + 1), ...fault };
  });
  const parsed = testCaseSchema.safeParse({ ...testCase, world: [...kept, ...added] }, withSimilarFields);
  if (parsed.success) return { ok: true, source: testCaseSource(parsed.data, title, options) };
  const mistakes = parsed.error.issues.map((issue) => {
    const [list, index, ...rest] = issue.path;
    const isAdded = list === 'world' && typeof index === 'number' && index >= kept.length;
    return `${(isAdded ? ['fault', ...rest] : issue.path).join('.')}: ${fixHint(issue)}`;
  });
  return { ok: false, mistakes };
}
