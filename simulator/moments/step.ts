import type { Lane } from '../timeline/event.ts';
import type { RunSteps } from './run-views.ts';

/** What one step leads to: the next event of the run, the next write to a database, or the next thing in a lane. */
export type StepBy = 'event' | 'commit' | Lane;

/** Returns the event that a step from this one leads to; the beginning or the end where there is nothing more. */
export function stepped(course: RunSteps, from: number, by: StepBy, direction: 'forward' | 'back'): number {
  const targets = targetsOf(course, from, by);
  return direction === 'forward'
    ? targets.filter((event) => event > from).reduce((least, event) => Math.min(least, event), course.events)
    : targets.filter((event) => event < from).reduce((most, event) => Math.max(most, event), 0);
}

function targetsOf(
  { marks, commits }: Pick<RunSteps, 'marks' | 'commits'>,
  from: number,
  by: StepBy,
): number[] {
  if (by === 'event') return [from - 1, from + 1];
  if (by === 'commit') return commits.map(({ event }) => event);
  return marks.filter(({ lane }) => lane === by).map(({ event }) => event);
}
