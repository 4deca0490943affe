import { type Expectation, expectationOf, holds } from '../scenarios/expectation.ts';
import { judgePurchase } from './judged-purchase.ts';
import type { PurchaseFacts } from './purchase-facts.ts';
import type { JudgedExpectation, RunReport } from './run-report.ts';
import { rounded, uncompressedTime } from './scenario-time.ts';
import { money } from './verdict.ts';

/** Values that expectations are compared with. */
export type Figures = Pick<
  RunReport,
  | 'purchases'
  | 'timeScale'
  | 'outcomes'
  | 'attempts'
  | 'timeToActiveMs'
  | 'money'
  | 'noticesGivenUp'
  | 'tickets'
  | 'revocations'
  | 'reactivations'
  | 'faults'
>;

/** The rules that these expectations name; every rule where they name none. */
export function expectedRules(texts: readonly string[], ruleIds: readonly number[]): number[] {
  const named = texts.flatMap((text) => {
    const expectation = expectationOf(text);
    return expectation.kind === 'rule' ? [expectation.id] : [];
  });
  return named.length > 0 ? ruleIds.filter((id) => named.includes(id)) : [...ruleIds];
}

/** Judges everything but the rules, which have checks of their own. */
export function judgeExpectations(
  texts: readonly string[],
  figures: Figures,
  purchases: ReadonlyMap<string, PurchaseFacts> = new Map(),
): JudgedExpectation[] {
  return texts.flatMap((text): JudgedExpectation[] => {
    const expectation = expectationOf(text);
    switch (expectation.kind) {
      case 'rule':
        return [];
      case 'purchase': {
        const facts = purchases.get(expectation.id);
        return [{ text, ...judgePurchase(expectation, facts, figures.timeScale) }];
      }
      default:
        return [{ text, ...judge(expectation, figures) }];
    }
  });
}

type Judgement = Omit<JudgedExpectation, 'text'>;

function judge(
  expectation: Exclude<Expectation, { kind: 'rule' | 'purchase' }>,
  figures: Figures,
): Judgement {
  const { bound } = expectation;
  const compare = (value: number, found: string): Judgement => ({
    ok: holds(value, bound.operator, bound.value),
    found,
  });
  switch (expectation.kind) {
    case 'outcome': {
      const count =
        figures.outcomes[expectation.name === 'payment failed' ? 'payment_failed' : expectation.name];
      if (!expectation.isShare) return compare(count, `${count}`);
      if (figures.purchases === 0) return { ok: false, found: 'no purchases' };
      const percent = (count * 100) / figures.purchases;
      return compare(percent, `${rounded(percent)} % (${count} of ${figures.purchases})`);
    }
    case 'wait': {
      const waitMs = figures.timeToActiveMs[expectation.name];
      if (waitMs === null) return { ok: false, found: 'nothing became active' };
      const uncompressedMs = waitMs * figures.timeScale;
      return compare(uncompressedMs, uncompressedTime(uncompressedMs));
    }
    case 'count': {
      const count = countOf(expectation.name, figures);
      return compare(count, `${count}`);
    }
    case 'attempts': {
      const count = figures.attempts[expectation.attempts] ?? 0;
      return compare(count, `${count}`);
    }
    case 'money': {
      const minor = figures.money[expectation.currency]?.[`${expectation.name}Minor`] ?? 0;
      return compare(minor, money(minor, expectation.currency));
    }
    default:
      return expectation satisfies never;
  }
}

function countOf(name: Extract<Expectation, { kind: 'count' }>['name'], figures: Figures): number {
  const { tickets, revocations, attempts, faults } = figures;
  switch (name) {
    case 'tickets':
      return tickets.HIGH + tickets.MEDIUM;
    case 'high tickets':
      return tickets.HIGH;
    case 'medium tickets':
      return tickets.MEDIUM;
    case 'revocations done':
      return revocations.done;
    case 'revocations open':
      return revocations.open;
    case 'revocations superseded':
      return revocations.superseded;
    case 'reactivations done':
      return figures.reactivations.done;
    case 'most attempts':
      return Math.max(0, ...Object.keys(attempts).map(Number));
    case 'faults at the API IoT':
      return total(faults.apiIot);
    case 'faults at payments':
      return total(faults.payments);
    case 'faults at mail and push':
      return total(faults.channels);
    case 'notices given up':
      return figures.noticesGivenUp;
    default:
      return name satisfies never;
  }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
