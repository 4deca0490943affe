import type { VirtualSystemOptions } from '../virtual-system/virtual-system.ts';
import type { RunCourse } from './course.ts';
import type { Moment } from './moment.ts';
import type { Change, NumberedFault, RunKind } from './run-views.ts';

export type ChangedSource =
  | { readonly ok: true; readonly source: RunSource }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** A run in virtual time that can be made again, as it was and with a change. The same source gives the same events. */
export interface RunSource {
  readonly kind: RunKind;
  readonly title: string;
  readonly faults: readonly NumberedFault[];
  /** Runs from beginning to end. */
  course(title: string): Promise<RunCourse>;
  /** Runs from beginning to end, and records spans. */
  traced(tracingOf: VirtualSystemOptions['tracingOf']): Promise<unknown>;
  /** Runs up to an event. */
  momentAt(event: number): Promise<Moment>;
  changedAt(moment: Pick<Moment, 'atMs'>, change: Change): ChangedSource;
  /** The run as a file for `fleetwake replay`. */
  fileText(): string;
}

/** Returns the numbers of a change that the run does not have, as sentences. */
export function unknownNumbers(
  { remove = [], replace = [] }: Change,
  faults: readonly NumberedFault[],
): string[] {
  const named = [...remove, ...replace.map(({ number }) => number)];
  const known =
    faults.length === 0 ? 'the run has no faults' : `the faults of the run are 0 to ${faults.length - 1}`;
  return named.filter((number) => faults[number] === undefined).map((number) => `fault ${number}: ${known}`);
}

/** Returns faults of one list with a change made. `offset` is the number of the list's first fault. */
export function changedList(
  list: readonly unknown[],
  offset: number,
  { remove = [], replace = [] }: Change,
): unknown[] {
  return list.flatMap((fault, index) => {
    const number = offset + index;
    if (remove.includes(number)) return [];
    return [replace.find((one) => one.number === number)?.fault ?? fault];
  });
}
