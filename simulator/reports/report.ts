import type { NoticeKind } from '../../gateway/store/schema.ts';
import type { Constants } from '../scenarios/scenario.ts';
import { caseFiles } from './case-file.ts';
import type { Evidence } from './evidence.ts';
import { countBy, groupBy } from './group.ts';
import { quantile } from './quantile.ts';
import { seenNotices } from './seen-notice.ts';
import type { Verdict } from './verdict.ts';

/** What `--json` writes. Amounts are in minor units, durations in milliseconds of the run (compressed). */
export interface RunReport {
  readonly seed: number;
  readonly scenario: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly timeScale: number;
  readonly constants: Constants;
  readonly vehicles: number;
  readonly purchases: number;
  readonly outcomes: Outcomes;
  /** Number of attempts → activations whose payment was confirmed. */
  readonly attempts: Readonly<Record<string, number>>;
  /** From the purchase to the feature that is on. Null where nothing became active. */
  readonly timeToActiveMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
  /** By currency, from the payment service's ledger. */
  readonly money: Readonly<Record<string, MoneyTotals>>;
  /** As the sinks received them, by kind and channel. */
  readonly notices: Readonly<Record<NoticeKind, { readonly email: number; readonly push: number }>>;
  readonly tickets: { readonly HIGH: number; readonly MEDIUM: number };
  readonly revocations: { readonly done: number; readonly superseded: number; readonly open: number };
  /** What went wrong on purpose: vehicles by fault, and what the faults of the API IoT did. */
  readonly faults: {
    readonly vehicles: Readonly<Record<string, number>>;
    readonly apiIot: Readonly<Record<string, number>>;
  };
  readonly checks: readonly Verdict[];
  /** All checks hold. */
  readonly ok: boolean;
}

/** Each purchase of the plan is in one of them. */
interface Outcomes {
  readonly active: number;
  readonly failed: number;
  readonly declined: number;
  /** Delivered, and the capture was declined for good. */
  readonly payment_failed: number;
  /** Neither active nor failed when the evidence was taken. */
  readonly pending: number;
  /** Answered with a problem, and no purchase was made. */
  readonly refused: number;
  readonly unanswered: number;
}

interface MoneyTotals {
  /** Holds ever made. */
  readonly authorisedMinor: number;
  /** Ever taken, from a hold or at once. */
  readonly capturedMinor: number;
  readonly voidedMinor: number;
  readonly refundedMinor: number;
  /** Taken and not given back. */
  readonly keptMinor: number;
}

export function reportOf(evidence: Evidence, checks: readonly Verdict[]): RunReport {
  const { plan, database, startedAt, takenAt } = evidence;
  const files = caseFiles(evidence);
  const paid = files.filter((file) => file.ledger.length > 0);
  const waits = files.flatMap(({ row }) =>
    row.phase === 'active' && row.ended_at !== null ? [row.ended_at - row.requested_at] : [],
  );
  return {
    seed: plan.seed,
    scenario: plan.scenario,
    startedAt,
    tookMs: takenAt - startedAt,
    timeScale: plan.timeScale,
    constants: plan.constants,
    vehicles: plan.vehicles.length,
    purchases: plan.purchases.length,
    outcomes: outcomesOf(evidence),
    attempts: countBy(
      paid.toSorted((a, b) => a.state.attempts.length - b.state.attempts.length),
      (file) => String(file.state.attempts.length),
    ),
    timeToActiveMs: {
      p50: quantile(waits, 0.5),
      p95: quantile(waits, 0.95),
      p99: quantile(waits, 0.99),
    },
    money: moneyOf(evidence),
    notices: noticesOf(evidence),
    tickets: {
      HIGH: database.tickets.filter((ticket) => ticket.priority === 'HIGH').length,
      MEDIUM: database.tickets.filter((ticket) => ticket.priority === 'MEDIUM').length,
    },
    revocations: revocationsOf(evidence),
    faults: {
      vehicles: countBy(
        plan.vehicles.flatMap((vehicle) => vehicle.faults),
        (fault) => fault.type,
      ),
      apiIot: evidence.httpFaults,
    },
    checks,
    ok: checks.every((check) => check.ok),
  };
}

function outcomesOf({ answers, plan, database }: Evidence): Outcomes {
  const status = new Map(database.purchases.map((purchase) => [purchase.id, purchase.status]));
  const byPlan = new Map(answers.map((answer) => [answer.plannedId, answer]));
  const counts = countBy(plan.purchases, ({ id }) => {
    const answer = byPlan.get(id);
    if (!answer || answer.status === null) return 'unanswered';
    return status.get(answer.purchaseId ?? '') ?? 'refused';
  });
  const { active = 0, failed = 0, declined = 0, payment_failed = 0, pending = 0 } = counts;
  const { refused = 0, unanswered = 0 } = counts;
  return { active, failed, declined, payment_failed, pending, refused, unanswered };
}

function moneyOf({ ledger }: Evidence): Record<string, MoneyTotals> {
  const totals: Record<string, MoneyTotals> = {};
  for (const [currency, entries] of groupBy(ledger, (entry) => entry.currency)) {
    const sum = (...kinds: string[]) =>
      entries
        .filter((entry) => kinds.includes(entry.kind))
        .reduce((all, entry) => all + entry.amountMinor, 0);
    totals[currency] = {
      authorisedMinor: sum('authorised'),
      capturedMinor: sum('captured', 'charged'),
      voidedMinor: sum('voided'),
      refundedMinor: sum('refunded'),
      keptMinor: sum('captured', 'charged') - sum('refunded'),
    };
  }
  return totals;
}

function noticesOf(evidence: Evidence): RunReport['notices'] {
  const seen = seenNotices(evidence);
  const count = (kind: NoticeKind) => ({
    email: seen.filter((notice) => notice.kind === kind && notice.channel === 'email').length,
    push: seen.filter((notice) => notice.kind === kind && notice.channel === 'push').length,
  });
  return {
    payment_confirmed: count('payment_confirmed'),
    activation_started: count('activation_started'),
    activation_successful: count('activation_successful'),
    activation_failed: count('activation_failed'),
  };
}

function revocationsOf({ database }: Evidence): RunReport['revocations'] {
  const phases = database.activations.filter((row) => row.kind === 'revocation').map((row) => row.phase);
  const count = (wanted: string) => phases.filter((phase) => phase === wanted).length;
  const [done, superseded] = [count('dormant'), count('superseded')];
  return { done, superseded, open: phases.length - done - superseded };
}
