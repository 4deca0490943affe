import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { TestCase } from '../check/test-case.ts';
import { RunStopped, runTestCase } from '../check/test-case-run.ts';
import type { TestCaseSystem } from '../check/test-case-system.ts';
import { type MomentState, stateOf } from './moment-state.ts';

/** A virtual run as it is after some of its events. */
export interface Moment {
  /** Events so far. Those that run in one turn of the loop (`batchMs`) are not divided, so it may be a few more than asked for. */
  readonly event: number;
  /** Virtual milliseconds after the first moment of the workload. */
  readonly atMs: number;
  /** How many lines the trace has, and their hash: the same for the same moment, in any process. */
  readonly lines: number;
  readonly traceHash: string;
  /** The run has no event after it. */
  readonly isEnd: boolean;
  readonly state: MomentState;
}

export interface MomentOptions {
  /** What the test case was saved with; the shipped catalogue without it. */
  readonly catalogue?: Catalogue;
}

/** Runs a test case again up to an event, and returns what is there. The same event gives the same bytes. */
export async function momentAt(
  testCase: TestCase,
  event: number,
  options: MomentOptions = {},
): Promise<Moment> {
  const seen: Omit<Moment, 'isEnd'>[] = [];
  const onStop = (system: TestCaseSystem) => {
    const { loop, startedAt, trace } = system;
    seen.push({
      event: loop.stats.events,
      atMs: loop.now() - startedAt,
      lines: trace.count,
      traceHash: trace.hash(),
      state: stateOf(system),
    });
  };
  const isEnd = await runTestCase(testCase, {
    ...options,
    stop: { afterEvents: Math.max(0, event), onStop },
  }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof RunStopped) return false;
      throw error;
    },
  );
  const [moment] = seen;
  if (moment === undefined) throw new Error('the run was neither stopped nor finished');
  return { ...moment, isEnd };
}
