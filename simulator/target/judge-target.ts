import type { ActivationLine, Outcome } from '../reports/activation-line.ts';
import { runChecks } from '../reports/checks/all.ts';
import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { countBy } from '../reports/group.ts';
import { judgeExpectations } from '../reports/judged-expectation.ts';
import { moneyTotals } from '../reports/money-totals.ts';
import type { PurchaseFacts } from '../reports/purchase-facts.ts';
import { quantile } from '../reports/quantile.ts';
import { reportOf } from '../reports/report.ts';
import type { RunReport } from '../reports/run-report.ts';
import type { Surroundings } from '../reports/surroundings.ts';
import type { Verdict } from '../reports/verdict.ts';
import type { Mapping } from './mapping.ts';
import type { TargetCase, TargetCases } from './target-case.ts';
import { exactlyOnceByTarget, failedMeansOffByTarget, neverChargedByTarget } from './target-rules.ts';

/** The rules that the evidence alone can judge. */
export const judgedRules: readonly number[] = [1, 2, 5, 7, 9];

const notJudged = "not judged: this rule needs the platform's database";

/** Returns the verdict of each rule. Those that need the platform's database are marked as not judged. */
export function judgeRules(evidence: Evidence, cases: TargetCases, mapping: Mapping): Verdict[] {
  return runChecks(evidence).map((check) => verdictOf(check, evidence, cases, mapping));
}

/** Returns the report of a run against an engine of the user's own. Rules that need the platform's database are marked as not judged and do not count. */
export function judgeTarget(
  evidence: Evidence,
  cases: TargetCases,
  mapping: Mapping,
  surroundings: Surroundings,
): RunReport {
  const checks = judgeRules(evidence, cases, mapping);
  const report = reportOf(evidence, checks, surroundings);
  const activations = linesOf(evidence, cases);
  const expectedRules = report.expectedRules.filter((id) => judgedRules.includes(id));
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
  const figures = { ...report, outcomes, timeToActiveMs };
  const facts = factsOf(cases, activations, mapping);
  const expectations = judgeExpectations(evidence.plan.expectations ?? [], figures, facts);
  const isHeld = checks.every((check) => check.ok || !expectedRules.includes(check.id));
  return {
    ...{ ...report, outcomes, timeToActiveMs, activations, expectedRules, expectations },
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
  if (id === 2) return exactlyOnceByTarget(cases, title);
  if (id === 5) return failedMeansOffByTarget(evidence, cases, mapping, title);
  if (judgedRules.includes(id)) return check;
  return { id, title, ok: false, examined: 0, violations: [notJudged], violationCount: 1 };
}

/** One line a purchase, from what was seen: active is what a vehicle confirmed and was paid. */
function linesOf({ plan, answers, startedAt }: Evidence, { cases }: TargetCases): ActivationLine[] {
  const byPlan = new Map(answers.map((answer) => [answer.plannedId, answer]));
  const byId = new Map(cases.map((one) => [one.id, one]));
  const models = new Map(plan.vehicles.map(({ vin, model }) => [vin, model]));
  return plan.purchases.map(({ id, vin, serviceId, atMs }) => {
    const answer = byPlan.get(id);
    const found = byId.get(answer?.purchaseId ?? '');
    const outcome = outcomeOf(answer, found);
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

function outcomeOf(answer: PurchaseAnswer | undefined, found: TargetCase | undefined): Outcome {
  if (answer === undefined || answer.status === null) return 'unanswered';
  if (found === undefined) return answer.status === 402 ? 'declined' : 'refused';
  const { balance, deliveredAt, ledger } = found;
  if (deliveredAt !== null && balance.netMinor > 0) return 'active';
  if (ledger.length === 0) return 'declined';
  return balance.netMinor + balance.heldMinor === 0 ? 'failed' : 'pending';
}
