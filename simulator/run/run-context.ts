import type { Clock } from '../../shared/ports/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ActionAnswer, BrokerMessage, Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Customers } from './buying.ts';
import type { OpenWorkSource } from './open-work.ts';
import type { Pace } from './pace.ts';

/** Where a run stands. */
export interface Progress {
  readonly step: 'starting' | 'connecting' | 'running' | 'settling' | 'checking';
  /** By the run's clock. */
  readonly elapsedMs: number;
  readonly vehiclesConnected: number;
  readonly purchases: number;
  readonly purchasesPlanned: number;
  /** By the run's clock, from now; null where nothing bounds it. */
  readonly remaining: {
    /** What is waited for: the connections of the vehicles (at the pace so far), the last purchase and the end of the faults, or the end of everything open (at most). */
    readonly until: 'all vehicles are connected' | 'purchases and faults end' | 'everything has ended';
    readonly ms: number;
  } | null;
  readonly phases: Readonly<Record<string, number>>;
}

/** All faults of a run that do not stand in its vehicles. */
export interface RunFaults {
  /** The first moment of the workload is now. */
  begin(): void;
  /** From now on nothing goes wrong. */
  clear(): void;
  /** Whether a component is away, or will fail at work that is still to come: faults that end meanwhile would not have been there. */
  isPending?(): boolean;
}

/** The evidence of a run that only its environment can take; all of one moment. */
export type TakenEvidence = Omit<
  Evidence,
  | 'plan'
  | 'planAgain'
  | 'startedAt'
  | 'healedAt'
  | 'takenAt'
  | 'answers'
  | 'actions'
  | 'vehicles'
  | 'slowness'
>;

export interface EvidenceSources {
  /** What passed at the broker so far. */
  messages(): readonly BrokerMessage[];
  /**
   * Stops all services, so that the evidence is of one moment. Without it, an engine of the user's own may still work while the
   * evidence is read: the run then waits until nothing moves (`calmMs`).
   */
  freeze?(): Promise<void>;
  /** Reads what independent sources say. */
  take(): Promise<TakenEvidence>;
}

/** What differs between the courses of two runs. Times in milliseconds of the run. */
export interface CourseSettings {
  /** All of it passes before the workload begins; without it the workload begins once the fleet is connected. */
  readonly connectMs?: number;
  /**
   * When the faults end: `settled` is as soon as all has ended, after `maxMs` at the latest; `bought` is `afterMs` after the
   * last answer, `leastMs` after the first moment of the workload at the earliest.
   */
  readonly faultsEnd:
    | { readonly when: 'settled'; readonly maxMs: number }
    | { readonly when: 'bought'; readonly afterMs: number; readonly leastMs: number };
  /** A run that has settled under faults ends without another look once they are over. */
  readonly endsWhenSettled?: boolean;
  /** After the faults all has to end within this time, on a slow machine in as many times of it. */
  readonly livenessMs: number;
  /** All has ended when it has been so for this long. */
  readonly calmMs: number;
  /** Revocations that no command can end are not waited for longer. */
  readonly unreachableMs: number;
  /** After all has ended nothing else may happen for this long. */
  readonly quietMs: number;
  /** A revocation that no command can end may be in the middle of a try: so long the evidence waits for a pause. */
  readonly evidenceWaitMs: number;
  /** Between two looks at the databases. */
  readonly lookEveryMs: number;
}

/** Everything that a run needs of its environment: the system answers, or is being started; vehicles and customers are registered. */
export interface RunContext {
  readonly plan: Plan;
  /** Makes the plan a second time, from the same source and seed. */
  readonly planAgain: () => unknown;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly settings: CourseSettings;
  readonly fleet: Fleet;
  readonly customers: Customers;
  readonly faults: RunFaults;
  /**
   * What is open, by the databases. Without it, as with an engine of the user's own, `isStill` alone says when all has ended: vehicles
   * that are offline by their connectivity profile are then not reconnected for the revocations that wait for them.
   */
  readonly books?: OpenWorkSource;
  /** Nothing is on its way that the databases do not know of. */
  readonly isStill?: () => boolean;
  /** What people do besides buying; `bought` has a promise for each answer, in the plan's order. */
  readonly startActions?: (
    bought: readonly Promise<PurchaseAnswer>[],
    startedAt: number,
  ) => { isOver(): boolean; answers?(): readonly ActionAnswer[] };
  readonly sources: EvidenceSources;
  /** How slow the machine has been so far (`Evidence.slowness`); without it: a machine that is never slow. */
  readonly slowness?: () => number;
  readonly progress?: ProgressSink;
}

export interface ProgressSink {
  readonly show: (progress: Progress) => void;
  /** By the run's clock. */
  readonly everyMs: number;
  /** Without it, the progress counts connected vehicles and purchases only. */
  readonly countPhases?: () => Promise<Progress['phases']>;
}
