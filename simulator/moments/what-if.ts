import { textOf } from '../../shared/virtual/trace.ts';
import type { RunCourse } from './course.ts';
import type { Moment } from './moment.ts';
import type { RunSource } from './run-source.ts';

/** A run and its branch: the same up to a moment, and then with a change. */
export interface Branch {
  readonly source: RunSource;
  readonly course: RunCourse;
  /** The first line of the trace that differs; null: the branch has the same trace. */
  readonly partsAt: { readonly line: number; readonly atMs: number } | null;
  /** The branch differs before the moment already: the change took effect earlier, or changed what the run draws. */
  readonly isEarly: boolean;
}

/** Runs a changed source to its end beside the run that it was changed from. */
export async function branchOf(
  original: RunCourse,
  moment: Pick<Moment, 'lines'>,
  source: RunSource,
): Promise<Branch> {
  const course = await source.course(`${original.timeline.title}, with the change`);
  const [before, after] = [original.run.trace, course.run.trace];
  const length = Math.max(before.length, after.length);
  for (let line = 0; line < length; line += 1) {
    const [one, other] = [before[line], after[line]];
    if (one !== undefined && other !== undefined && textOf(one) === textOf(other)) continue;
    const atMs = Math.min(one?.at ?? Number.POSITIVE_INFINITY, other?.at ?? Number.POSITIVE_INFINITY);
    return { source, course, partsAt: { line, atMs }, isEarly: line < moment.lines };
  }
  return { source, course, partsAt: null, isEarly: false };
}
