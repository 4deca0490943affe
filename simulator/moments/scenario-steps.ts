import type { Broken } from '../check/judge.ts';
import { RunStopped } from '../check/test-case-run.ts';
import { judgeRun } from '../reports/judge-run.ts';
import type { RunReport } from '../reports/run-report.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { runScenarioVirtually, type ScenarioSystem } from '../virtual-system/scenario-run.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import { courseOf, type RunCourse } from './course.ts';
import type { Moment } from './moment.ts';
import { stateOf } from './moment-state.ts';
import type { Commit } from './run-views.ts';
import { scenarioTrace } from './scenario-trace.ts';

/** A scenario with the seed that draws its run. */
export interface ScenarioSeed {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Of a branch: the scenario without its changes, which draws the purchases. */
  readonly purchasesOf?: Scenario;
}

export interface ScenarioCourse extends RunCourse {
  /** The first moment of the workload, in epoch milliseconds of virtual time. */
  readonly startedAt: number;
}

/** Runs a scenario in virtual time from beginning to end, with what `run` does and nothing more. */
export async function courseOfScenario(run: ScenarioSeed, title: string): Promise<ScenarioCourse> {
  const eventOfLine: number[] = [];
  const commits: Commit[] = [];
  let recorder: ReturnType<typeof scenarioTrace> | null = null;
  const { evidence, events } = await runScenarioVirtually({
    ...run,
    watch(loop) {
      recorder = scenarioTrace(loop, (store) => {
        commits.push({ store, atMs: loop.now() - virtualTimeBeginsAt, event: loop.stats.events });
      });
      recorder.trace.onLine(() => eventOfLine.push(loop.stats.events));
      return recorder.watch;
    },
    onSystem: (system) => recorder?.follow(system),
  });
  // The compiler does not see that the hook above was called.
  const recorded = recorder as ReturnType<typeof scenarioTrace> | null;
  if (recorded === null) throw new Error('the run was not recorded');
  const { startedAt } = evidence;
  const beforeMs = startedAt - virtualTimeBeginsAt;
  const trace = recorded.trace.lines.map((line) => ({ ...line, at: line.at - beforeMs }));
  const broken = brokenOf(judgeRun(evidence, { world: 'virtual' }));
  const whole = courseOf(
    { trace, traceHash: recorded.trace.hash(), evidence, moves: recorded.moves() },
    title,
    { eventOfLine, events, broken, commits: commits.map((one) => ({ ...one, atMs: one.atMs - beforeMs })) },
  );
  return { ...withoutRegistration(whole), startedAt };
}

/** What only prepares the workload (registrations, first connections) is no part of a timeline. */
function withoutRegistration(course: RunCourse): RunCourse {
  const { timeline } = course;
  return { ...course, timeline: { ...timeline, events: timeline.events.filter(({ atMs }) => atMs >= 0) } };
}

function brokenOf({ checks, expectedRules, expectations }: RunReport): Broken | null {
  const rule = checks.find(({ id, ok }) => !ok && expectedRules.includes(id));
  if (rule) return { rule: `rule ${rule.id}: ${rule.title}`, sentence: rule.violations[0] ?? '' };
  const expectation = expectations.find(({ ok }) => !ok);
  return expectation === undefined
    ? null
    : { rule: expectation.text, sentence: `found: ${expectation.found}` };
}

/** Runs a scenario again up to an event. The same event gives the same bytes. */
export async function momentOfScenario(run: ScenarioSeed, event: number, startedAt: number): Promise<Moment> {
  let seen: { readonly system: ScenarioSystem; readonly recorder: ReturnType<typeof scenarioTrace> } | null =
    null;
  let recorder: ReturnType<typeof scenarioTrace> | null = null;
  let moment: Omit<Moment, 'isEnd'> | null = null;
  const read = () => {
    if (seen === null) return;
    const { system, recorder: recording } = seen;
    moment = {
      event: system.loop.stats.events,
      atMs: system.loop.now() - startedAt,
      lines: recording.trace.count,
      traceHash: recording.trace.hash(),
      state: stateOf({ ...system, startedAt, fleet: system.fleet() }),
    };
  };
  const isEnd = await runScenarioVirtually({
    ...run,
    watch(loop) {
      recorder = scenarioTrace(loop);
      return recorder.watch;
    },
    onSystem(system) {
      if (recorder === null) return;
      recorder.follow(system);
      seen = { system, recorder };
    },
    onEnd: read,
    stop: {
      afterEvents: Math.max(0, event),
      onStop() {
        read();
        throw new RunStopped('the run was stopped after the number of events that was asked for');
      },
    },
  }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof RunStopped) return false;
      throw error;
    },
  );
  const found = moment as Omit<Moment, 'isEnd'> | null;
  if (found === null) throw new Error('the run was neither stopped nor finished');
  return { ...found, isEnd };
}
