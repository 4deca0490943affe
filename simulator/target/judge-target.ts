import { countBy } from '../../shared/memory/group.ts';
import type { ActivationLine, Outcome } from '../reports/activation-line.ts';
import { runChecks } from '../reports/checks/all.ts';
import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { judgeExpectations } from '../reports/judged-expectation.ts';
import { moneyTotals } from '../reports/money-totals.ts';
import type { PurchaseFacts } from '../reports/purchase-facts.ts';
import { quantile } from '../reports/quantile.ts';
import { reportOf } from '../reports/report.ts';
import type { RunReport } from '../reports/run-report.ts';
import type { Surroundings } from '../reports/surroundings.ts';
import type { Verdict } from '../reports/verdict.ts';
import { itEndsByTarget } from './it-ends-by-target.ts';
import type { Mapping } from './mapping.ts';
import { endNotices, type TargetCase, type TargetCases } from './target-case.ts';
import { exactlyOnceByTarget, failedMeansOffByTarget, neverChargedByTarget } from './target-rules.ts';

/** The rules that the evidence alone can judge. */
export const judgedRules: readonly number[] = [1, 2, 3, 5, 7, 9];

const ofThePlatform = "not judged: this rule needs the platform's database";

/** Rules that cannot be judged this time, each with the reason. */
export type MissingSources = ReadonlyMap<number, string>;

/** Returns the verdict of each rule. Those that need the platform's database are marked as not judged. */
export function judgeRules(
  evidence: Evidence,
  cases: TargetCases,
  mapping: Mapping,
  missing: MissingSources = new Map(),
): Verdict[] {
  return runChecks(evidence).map((check) => {
    const reason = judgedRules.includes(check.id) ? missing.get(check.id) : ofThePlatform;
    if (reason === undefined) return verdictOf(check, evidence, cases, mapping);
    const { id, title } = check;
    return { id, title, ok: false, examined: 0, violations: [reason], violationCount: 1 };
  });
}

/** Returns the report of a run against an engine of the user's own. Rules that need the platform's database are marked as not judged and do not count. */
export function judgeTarget(
  evidence: Evidence,
  cases: TargetCases,
  mapping: Mapping,
  surroundings: Surroundings,
  missing: MissingSources = new Map(),
): RunReport {
  const checks = judgeRules(evidence, cases, mapping, missing);
  const report = reportOf(evidence, checks, surroundings);
  const activations = linesOf(evidence, cases, mapping);
  const expectedRules = report.expectedRules.filter((id) => judgedRules.includes(id) && !missing.has(id));
  const byOutcome = countBy(activations, ({ outcome }) => outcome);
  const outcomes = Object.fromEntries(
    Object.keys(report.outcomes).map((name) => [name, byOutcome[name as Outcome] ?? 0]),
  ) as RunReport['outcomes'];
  const waits = activations.flatMap(({ tookMs }) => tookMs ?? []);
  const timeToActiveMs = {
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    p99: quantile(waits, 0.99),
    longest: quantile(waits, 1),
  };
  const paid = new Set(cases.cases.flatMap(({ id, ledger }) => (ledger.length > 0 ? [id] : [])));
  const attempts = countBy(
    activations
      .filter(({ activation }) => activation !== null && paid.has(activation))
      .toSorted((one, other) => one.attempts - other.attempts),
    (line) => String(line.attempts),
  );
  const figures = { ...report, outcomes, timeToActiveMs, attempts };
  const facts = factsOf(cases, activations, mapping);
  const expectations = judgeExpectations(evidence.plan.expectations ?? [], figures, facts);
  const isHeld = checks.every((check) => check.ok || !expectedRules.includes(check.id));
  return {
    ...{ ...figures, activations, expectedRules, expectations },
    ok: isHeld && expectations.every(({ ok }) => ok),
  };
}

/** What is seen of each purchase; of push messages and tickets nothing tells which purchase they are about. */
function factsOf(
  { cases }: TargetCases,
  lines: readonly ActivationLine[],
  { mail }: Mapping,
): Map<string, PurchaseFacts> {
  const byId = new Map(cases.map((one) => [one.id, one]));
  return new Map(
    lines.map(({ purchase, activation, outcome, tookMs, attempts }) => {
      const found = byId.get(activation ?? '');
      const facts: PurchaseFacts = {
        ...{ outcome, tookMs, attempts, pushes: null, tickets: null },
        isProven: found?.deliveredAt != null,
        money: moneyTotals(found?.ledger ?? []),
        emails: mail ? (found?.mails.length ?? 0) : null,
      };
      return [purchase, facts];
    }),
  );
}

function verdictOf(check: Verdict, evidence: Evidence, cases: TargetCases, mapping: Mapping): Verdict {
  const { id, title } = check;
  if (id === 1) return neverChargedByTarget(evidence, cases, title);
  if (id === 2) return exactlyOnceByTarget(evidence, cases, mapping, title);
  if (id === 3) return itEndsByTarget(evidence, cases, mapping, title);
  if (id === 5) return failedMeansOffByTarget(evidence, cases, mapping, title);
  return check;
}

/** One line a purchase, from what was seen: active is what a vehicle confirmed and was paid. */
function linesOf(
  { plan, answers, startedAt }: Evidence,
  { cases }: TargetCases,
  mapping: Mapping,
): ActivationLine[] {
  const byPlan = new Map(answers.map((answer) => [answer.plannedId, answer]));
  const byId = new Map(cases.map((one) => [one.id, one]));
  const models = new Map(plan.vehicles.map(({ vin, model }) => [vin, model]));
  return plan.purchases.map(({ id, vin, serviceId, atMs }) => {
    const answer = byPlan.get(id);
    const found = byId.get(answer?.purchaseId ?? '');
    const outcome = outcomeOf(answer, found, mapping);
    return {
      purchase: id,
      activation: found?.id ?? null,
      vin,
      model: models.get(vin) ?? '',
      service: serviceId,
      outcome,
      atMs,
      tookMs: outcome === 'active' ? (found?.deliveredAt ?? startedAt) - startedAt - atMs : null,
      attempts: found?.commands.length ?? 0,
      failure: null,
    };
  });
}

function outcomeOf(
  answer: PurchaseAnswer | undefined,
  found: TargetCase | undefined,
  mapping: Mapping,
): Outcome {
  if (answer === undefined || answer.status === null) return 'unanswered';
  if (found === undefined) return answer.status === 402 ? 'declined' : 'refused';
  const { balance, deliveredAt, ledger, payments } = found;
  if (deliveredAt !== null && balance.netMinor > 0) return 'active';
  if (ledger.length === 0)
    return payments > 0 || endNotices(found, mapping).length > 0 ? 'declined' : 'pending';
  return balance.netMinor + balance.heldMinor === 0 ? 'failed' : 'pending';
}
