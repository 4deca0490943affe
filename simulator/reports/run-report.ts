import type { Constants } from '../scenarios/scenario.ts';
import type { ActivationCourse } from './activation-course.ts';
import type { ActivationLine, Outcome } from './activation-line.ts';
import type { ActionAnswer } from './evidence.ts';
import type { FaultSchedules } from './fault-windows.ts';
import type { Verdict } from './verdict.ts';

export type World = 'virtual' | 'live';

/** What `--json` writes. Amounts are in minor units, durations in milliseconds of the run (compressed). */
export interface RunReport {
  /** Null where Fleetwake drove no run: the log of an engine of the user's own has none. */
  readonly seed: number | null;
  readonly scenario: string;
  /** As the scenario says what it is for; null where that is not known. */
  readonly description: string | null;
  /** Virtual time, or real parts. */
  readonly world: World;
  /** The command that runs the same plan again, in the same environment. */
  readonly replay: string;
  /** `nats`, `in-process`; null in virtual time. */
  readonly bus: string | null;
  /** What ran: `fleetwake`, `node`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly timeScale: number;
  /** How many times as long as its processor time the run's work took in the worst ten seconds; left out in virtual time. */
  readonly slowness?: number;
  /** Null where the run had none that are known, as `seed`. */
  readonly constants: Constants | null;
  readonly vehicles: number;
  readonly purchases: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Number of attempts → activations whose payment was confirmed. */
  readonly attempts: Readonly<Record<string, number>>;
  /** From the purchase to the feature that is on. Null where nothing became active. */
  readonly timeToActiveMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly longest: number | null;
  };
  /** By currency, from the payment service's ledger. */
  readonly money: Readonly<Record<string, MoneyTotals>>;
  /** As the sinks received them, by kind and channel; those of an activation always, others where there were any. */
  readonly notices: Readonly<Record<string, { readonly email: number; readonly push: number }>>;
  /** Notifications that no channel accepted within the limit of tries, or that a channel refused for good. */
  readonly noticesGivenUp: number;
  readonly tickets: { readonly HIGH: number; readonly MEDIUM: number };
  readonly revocations: { readonly done: number; readonly superseded: number; readonly open: number };
  /** Reactivations of owned features that a vehicle had lost. */
  readonly reactivations: { readonly done: number; readonly failed: number; readonly open: number };
  /** What went wrong on purpose: vehicles by fault, and what the faults of the services did. */
  readonly faults: {
    readonly vehicles: Readonly<Record<string, number>>;
    readonly apiIot: Readonly<Record<string, number>>;
    readonly payments: Readonly<Record<string, number>>;
    /** Left out where the run has none. */
    readonly platform?: Readonly<Record<string, number>>;
    /** Of mail server and push service. */
    readonly channels: Readonly<Record<string, number>>;
  };
  /** What people did after their purchases, as the scenario says. */
  readonly actions: readonly ActionAnswer[];
  readonly schedules: FaultSchedules;
  /** One a purchase, in the order of the plan. */
  readonly activations: readonly ActivationLine[];
  /** How failed and slow activations went. */
  readonly courses: readonly ActivationCourse[];
  readonly checks: readonly Verdict[];
  /** The rules that the scenario expects to hold: all, unless it names some. */
  readonly expectedRules: readonly number[];
  /** What else the scenario expects. */
  readonly expectations: readonly JudgedExpectation[];
  /** All expected rules and all expectations hold. */
  readonly ok: boolean;
}

export interface MoneyTotals {
  /** Holds ever made. */
  readonly authorisedMinor: number;
  /** Taken at once, without a hold before; part of what was captured. */
  readonly atOnceMinor: number;
  /** Ever taken, from a hold or at once. */
  readonly capturedMinor: number;
  readonly voidedMinor: number;
  readonly refundedMinor: number;
  /** Captured and not refunded. */
  readonly keptMinor: number;
}

/** One expectation of the scenario, and what the run shows of it. */
export interface JudgedExpectation {
  /** As the scenario says it. */
  readonly text: string;
  readonly ok: boolean;
  /** `97.5 % (39 of 40)`, `12.4 min` */
  readonly found: string;
}
