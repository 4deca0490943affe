import type { TraceLine } from '../../shared/virtual/trace.ts';
import type { Move } from '../check/activation-changes.ts';
import { type Broken, brokenRule } from '../check/judge.ts';
import { runTimeline } from '../check/run-timeline.ts';
import type { TestCase } from '../check/test-case.ts';
import { runTestCase } from '../check/test-case-run.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { Timeline } from '../timeline/event.ts';
import type { MomentOptions } from './moment.ts';
import type { Commit, Mark, RunSteps } from './run-views.ts';

/** A whole run, with the number of the event after which each thing had happened: what one can seek to. */
export interface RunCourse extends RunSteps {
  readonly timeline: Timeline;
  /** First thing that did not hold. */
  readonly broken: Broken | null;
  readonly run: TravelledRun;
}

/** What a run left behind. */
export interface TravelledRun {
  readonly trace: readonly TraceLine[];
  readonly traceHash: string;
  readonly evidence: Evidence;
}

/** Runs a test case from beginning to end. */
export async function courseOfTestCase(
  testCase: TestCase,
  title: string,
  options: MomentOptions = {},
): Promise<RunCourse> {
  const eventOfLine: number[] = [];
  const commits: Commit[] = [];
  const run = await runTestCase(testCase, {
    ...options,
    onSystem(system) {
      const { loop, trace, startedAt } = system;
      // What was written while the system was put together came before every event.
      eventOfLine.push(...trace.lines.map(() => 0));
      trace.onLine(() => eventOfLine.push(loop.stats.events));
      system.onCommit((store) => {
        commits.push({ store, atMs: loop.now() - startedAt, event: loop.stats.events });
      });
    },
  });
  return courseOf(run, title, { eventOfLine, commits, events: run.stats.events, broken: brokenRule(run) });
}

/** Returns the course of a run of which each line of the trace is known to come after so many events. */
export function courseOf(
  run: TravelledRun & { readonly moves: readonly Move[] },
  title: string,
  {
    eventOfLine,
    ...known
  }: Pick<RunCourse, 'commits' | 'events' | 'broken'> & { readonly eventOfLine: readonly number[] },
): RunCourse {
  const timeline = runTimeline(run, title);
  const marks = timeline.events.flatMap(({ id, lane, atMs }): Mark[] => {
    const event = eventOfLine[Number(/^t(\d+)$/.exec(id)?.[1])];
    return event === undefined ? [] : [{ id, lane, atMs, event }];
  });
  return { timeline, marks, run, ...known };
}
