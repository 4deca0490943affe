import type { FinishedView, RunningView, RunOrder } from '../../moments/run-views.ts';
import type { TravelQuestion } from '../../moments/travel.ts';

/** Runs and checks in virtual time, beside the console's own work, and the folder of their reports. */
export interface VirtualRuns {
  readonly folder: string;
  running(): readonly RunningView[];
  finished(): Promise<readonly FinishedView[]>;
  /** Null: as many as may run at once do. */
  start(order: RunOrder): RunningView | null;
  /** Ends a run, or forgets one that has failed. False: there is none of this id. */
  cancel(id: string): boolean;
  /** The text of a file of the folder; null where there is none of this name. */
  read(file: string): Promise<string | null>;
  /**
   * Rejects with `TravelRefused` for a file that is no run, and for a change that cannot be made; with `TravelPostponed` while too many
   * questions wait.
   */
  travel(file: string, question: TravelQuestion): Promise<unknown>;
  stop(): Promise<void>;
}

/** Runs and checks at once. */
export const runsAtOnce = 2;
/** Runs of one check that a page starts. */
export const checkRunsMax = 10_000;
