import type { Lane, Timeline } from '../timeline/event.ts';

/** What the console's pages and its server say to each other about runs in virtual time. */

export interface Mark {
  /** Id of the event in the timeline. */
  readonly id: string;
  readonly lane: Lane;
  readonly atMs: number;
  /** Events of the run up to it. */
  readonly event: number;
}

export interface Commit {
  readonly store: 'platform' | 'apiIot' | 'payments';
  readonly atMs: number;
  readonly event: number;
}

/** Where one can go in a run. */
export interface RunSteps {
  /** Of each line of the trace in the timeline, in the order of time. */
  readonly marks: readonly Mark[];
  /** Each write to a database, in order. */
  readonly commits: readonly Commit[];
  /** How many events the run has. */
  readonly events: number;
}

/** A test case of `check`, or a scenario: each writes its faults in its own form. */
export type RunKind = 'test case' | 'scenario';

/** A fault of a run, by its number from 0. */
export interface NumberedFault {
  readonly number: number;
  /** List of the file that has it: `world`, `faults.list`. */
  readonly list: string;
  readonly fault: Readonly<Record<string, unknown>>;
}

/** A change of a run's faults from a moment on. The numbers are those of the run that is changed. */
export interface Change {
  /** Faults as the run's own file has them; one that does not say when it begins, begins at the moment. */
  readonly add?: readonly Readonly<Record<string, unknown>>[];
  readonly remove?: readonly number[];
  /** Takes the place of a fault, from the beginning of the run on. */
  readonly replace?: readonly {
    readonly number: number;
    readonly fault: Readonly<Record<string, unknown>>;
  }[];
}

/** First thing that did not hold in a run. */
export interface BrokenView {
  readonly rule: string;
  readonly sentence: string;
}

export interface CourseView extends RunSteps {
  readonly kind: RunKind;
  readonly timeline: Timeline;
  /** Routine events that the timeline leaves out, because there are too many. */
  readonly leftOut: number;
  readonly broken: BrokenView | null;
  readonly faults: readonly NumberedFault[];
}

export interface MomentView {
  readonly event: number;
  readonly atMs: number;
  readonly isEnd: boolean;
  readonly traceHash: string;
  readonly activations: readonly {
    readonly id: string;
    readonly kind: string;
    readonly service: string;
    readonly vin: string;
    readonly phase: string;
    readonly attempts: number;
    readonly money: string | null;
  }[];
  readonly vehicles: readonly {
    readonly vin: string;
    readonly state: 'connected' | 'offline' | 'stopped';
    readonly active: readonly string[];
    readonly resultsWaiting: number;
  }[];
  readonly ledger: readonly {
    readonly kind: string;
    readonly amountMinor: number;
    readonly currency: string;
    readonly activationId: string;
  }[];
  readonly queues: {
    readonly wakeUps: readonly string[];
    readonly mqtt: Readonly<Record<string, number>>;
    readonly calls: readonly { readonly name: string; readonly sinceMs: number }[];
    readonly notifications: number;
  };
}

/** How a run ends. */
export interface EndView {
  readonly events: number;
  readonly broken: BrokenView | null;
  readonly phases: Readonly<Record<string, number>>;
}

export interface BranchView {
  readonly timelines: readonly [Timeline, Timeline];
  readonly partsAt: { readonly line: number; readonly atMs: number } | null;
  readonly isEarly: boolean;
  readonly run: EndView;
  readonly branch: EndView;
}

export type RunOrder =
  | { readonly kind: 'run'; readonly scenario: string; readonly seed: number }
  | { readonly kind: 'check'; readonly seed: number; readonly runs: number };

/** A run or a check that is under way in the console. */
export interface RunningView {
  readonly id: string;
  readonly order: RunOrder;
  /** `running, 4 of 10 purchases`; empty until it says something. */
  readonly progress: string;
  /** Why it ended without a report; null while it runs. */
  readonly problem: string | null;
}

/** A file of the folder of reports. */
export interface FinishedView {
  readonly file: string;
  readonly kind: 'run' | 'check' | 'saved run' | 'saved failure';
  /** `expired-token, seed 3`. */
  readonly title: string;
  /** Null where the file has no verdict. */
  readonly ok: boolean | null;
  /** Epoch milliseconds at which the file was written. */
  readonly writtenAt: number;
  /** Name of the file to travel in; null where there is none. */
  readonly travel: string | null;
}

export interface RunsView {
  readonly folder: string;
  readonly scenarios: readonly { readonly name: string; readonly description: string }[];
  readonly running: readonly RunningView[];
  readonly finished: readonly FinishedView[];
  /** Runs and checks at once, and runs of one check. */
  readonly limits: { readonly atOnce: number; readonly checkRuns: number };
}

/** What differs between two reports: what each found, by its name. */
export interface FindingsView {
  readonly new: readonly string[];
  readonly known: readonly string[];
  readonly resolved: readonly string[];
}
