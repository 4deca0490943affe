import { holds } from '../scenarios/expectation.ts';
import type { PurchaseClause, PurchaseExpectation } from '../scenarios/purchase-expectation.ts';
import type { PurchaseFacts } from './purchase-facts.ts';
import type { JudgedExpectation } from './run-report.ts';
import { uncompressedTime } from './scenario-time.ts';
import { money } from './verdict.ts';

type Judgement = Omit<JudgedExpectation, 'text'>;

/** Judges what is expected of one purchase; what was found is said in the order of the expectation. */
export function judgePurchase(
  expectation: PurchaseExpectation,
  facts: PurchaseFacts | undefined,
  timeScale: number,
): Judgement {
  if (facts === undefined) return { ok: false, found: `no purchase "${expectation.id}" in this run` };
  const parts = [
    judgeEnd(expectation, facts, timeScale),
    ...expectation.clauses.map((clause) => judgeClause(clause, facts)),
  ];
  return { ok: parts.every(({ ok }) => ok), found: parts.map(({ found }) => found).join(', ') };
}

function judgeEnd(
  { outcome, withinMs }: PurchaseExpectation,
  facts: PurchaseFacts,
  timeScale: number,
): Judgement {
  const ended = facts.outcome.replaceAll('_', ' ');
  if (facts.outcome === 'active' && !facts.isProven)
    return { ok: false, found: 'active for the platform, and the vehicle never reported it' };
  const tookMs = facts.tookMs === null ? null : facts.tookMs * timeScale;
  const isInTime = withinMs === null || (tookMs !== null && tookMs <= withinMs);
  const found = withinMs === null || tookMs === null ? ended : `${ended} after ${uncompressedTime(tookMs)}`;
  return { ok: ended === outcome && isInTime, found };
}

function judgeClause(clause: PurchaseClause, facts: PurchaseFacts): Judgement {
  const { operator, value } = clause.bound;
  if (clause.kind === 'money') {
    const minor = facts.money[clause.currency]?.[`${clause.name}Minor`] ?? 0;
    return { ok: holds(minor, operator, value), found: `${money(minor, clause.currency)} ${clause.name}` };
  }
  const count = countOf(clause.name, facts);
  if (count === null) return { ok: false, found: `${clause.name} of one purchase are not known` };
  return {
    ok: holds(count, operator, value),
    found: `${count} ${count === 1 ? clause.name.replace(/s$/, '') : clause.name}`,
  };
}

function countOf(
  name: Extract<PurchaseClause, { kind: 'count' }>['name'],
  { attempts, emails, pushes, tickets }: PurchaseFacts,
): number | null {
  switch (name) {
    case 'attempts':
      return attempts;
    case 'e-mails':
      return emails;
    case 'push messages':
      return pushes;
    case 'tickets':
      return tickets;
    default:
      return name satisfies never;
  }
}
