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

/** An instant as a reader of the report wants it: seconds after the start (`+12.345 s`). */
export function moment(evidence: Pick<Evidence, 'startedAt'>, at: number): string {
  const ms = at - evidence.startedAt;
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)} s`;
}

/** `49.90 EUR`, also for an amount due to the customer (`-49.90 EUR`). */
export function money(amountMinor: number, currency: string): string {
  const amount: Money = { amountMinor: Math.abs(amountMinor), currency };
  return `${amountMinor < 0 ? '-' : ''}${formatMoney(amount)}`;
}
