import { formatMoney, type Money } from '../../shared/protocol/money.ts';
import type { Evidence } from './evidence.ts';
import type { Reading } from './reading.ts';

/** What a check of one rule found. */
export interface Verdict {
  /** The rule's number in docs/activation-spec.md. */
  readonly id: number;
  readonly title: string;
  readonly ok: boolean;
  /** How many cases were looked at: as many as an independent source counts, or that is a violation by itself. */
  readonly examined: number;
  /** A sentence each, the first 20. */
  readonly violations: readonly string[];
  readonly violationCount: number;
}

export type Check = (evidence: Evidence, reading?: Reading) => Verdict;

const shownMax = 20;

export interface Rule {
  readonly id: number;
  readonly title: string;
}

/** Expected number of cases, and its evidence source. */
export interface Population {
  readonly count: number;
  /** `purchases that were accepted`. */
  readonly name: string;
}

/** Closes a check. Looking at another number of cases than the population has is a violation: something was overlooked. */
export function verdict(
  rule: Rule,
  examined: number,
  population: Population,
  found: readonly string[],
): Verdict {
  const violations =
    examined === population.count
      ? found
      : [`${examined} examined instead of ${population.count}: ${population.name}`, ...found];
  return {
    ...rule,
    ok: violations.length === 0,
    examined,
    violations: violations.slice(0, shownMax),
    violationCount: violations.length,
  };
}

/** What says how fast the time of a run passes. */
type Timed = { readonly plan: Pick<Evidence['plan'], 'timeScale'> };

/** Returns an instant in the scenario's time: seconds after the start (`+12.345 s`). */
export function moment({ startedAt, plan }: Timed & Pick<Evidence, 'startedAt'>, at: number): string {
  const ms = (at - startedAt) * plan.timeScale;
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)} s`;
}

/** Returns a duration of the run, exact, in the scenario's time (`4.6 s`). */
export function span({ plan }: Timed, ms: number): string {
  return `${Number(((ms * plan.timeScale) / 1000).toFixed(3))} s`;
}

/** `49.90 EUR`, also for an amount due to the customer (`-49.90 EUR`). */
export function money(amountMinor: number, currency: string): string {
  const amount: Money = { amountMinor: Math.abs(amountMinor), currency };
  return `${amountMinor < 0 ? '-' : ''}${formatMoney(amount)}`;
}
