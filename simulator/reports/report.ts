import type { NoticeKind } from '../../gateway/store/schema.ts';
import { countBy } from '../../shared/memory/group.ts';
import { notableCourses } from './activation-course.ts';
import { type ActivationLine, activationLines, type Outcome, outcomes } from './activation-line.ts';
import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';
import { faultSchedules } from './fault-windows.ts';
import { expectedRules, judgeExpectations } from './judged-expectation.ts';
import { moneyTotals } from './money-totals.ts';
import { purchaseFacts } from './purchase-facts.ts';
import { quantile } from './quantile.ts';
import { type Reading, readingOf } from './reading.ts';
import type { RunReport } from './run-report.ts';
import type { SeenNotice } from './seen-notice.ts';
import type { Surroundings } from './surroundings.ts';
import type { Verdict } from './verdict.ts';

export function reportOf(
  evidence: Evidence,
  checks: readonly Verdict[],
  { world, bus, versions = {}, calledAs = evidence.plan.scenario, description }: Surroundings,
  reading: Reading = readingOf(evidence),
): RunReport {
  const { plan, startedAt, takenAt, slowness } = evidence;
  const { sold: files } = reading;
  const activations = activationLines(evidence, files);
  const figures = {
    purchases: plan.purchases.length,
    timeScale: plan.timeScale,
    ...countsOf(evidence, activations, reading),
    attempts: countBy(
      files
        .filter((file) => file.ledger.length > 0)
        .toSorted((a, b) => a.state.attempts.length - b.state.attempts.length),
      (file) => String(file.state.attempts.length),
    ),
    timeToActiveMs: waitsOf(activations),
    money: moneyTotals(evidence.ledger),
  };
  const { expectations: texts = [] } = plan;
  const rules = expectedRules(
    texts,
    checks.map(({ id }) => id),
  );
  const expectations = judgeExpectations(texts, figures, purchaseFacts(evidence, reading, activations));
  return {
    seed: plan.seed,
    scenario: plan.scenario,
    description: description ?? null,
    world,
    replay: `fleetwake run ${calledAs} --seed ${plan.seed}${world === 'live' ? ' --live' : ''}`,
    bus: bus ?? null,
    versions,
    startedAt,
    tookMs: takenAt - startedAt,
    ...(slowness === undefined ? {} : { slowness }),
    constants: plan.constants,
    vehicles: plan.vehicles.length,
    ...figures,
    notices: noticesOf(reading.notices),
    actions: evidence.actions ?? [],
    schedules: faultSchedules(evidence),
    activations,
    courses: notableCourses(evidence, reading, activations),
    checks,
    expectedRules: rules,
    expectations,
    ok: checks.every((check) => check.ok || !rules.includes(check.id)) && expectations.every(({ ok }) => ok),
  };
}

function countsOf(
  evidence: Evidence,
  activations: readonly ActivationLine[],
  { free }: Reading,
): Pick<RunReport, 'outcomes' | 'noticesGivenUp' | 'tickets' | 'revocations' | 'reactivations' | 'faults'> {
  const { plan, database } = evidence;
  const byOutcome = countBy(activations, ({ outcome }) => outcome);
  const ticketsOf = (priority: string) => database.tickets.filter((row) => row.priority === priority).length;
  return {
    outcomes: Object.fromEntries(outcomes.map((name) => [name, byOutcome[name] ?? 0])) as Record<
      Outcome,
      number
    >,
    noticesGivenUp: database.notices.filter((row) => row.status === 'dead').length,
    tickets: { HIGH: ticketsOf('HIGH'), MEDIUM: ticketsOf('MEDIUM') },
    revocations: revocationsOf(evidence),
    reactivations: reactivationsOf(free),
    faults: {
      vehicles: countBy(
        plan.vehicles.flatMap((vehicle) => vehicle.faults),
        (fault) => fault.type,
      ),
      apiIot: evidence.httpFaults,
      payments: evidence.paymentsFaults ?? {},
      ...(evidence.platformFaults ? { platform: evidence.platformFaults } : {}),
      channels: evidence.channelFaults ?? {},
    },
  };
}

function waitsOf(activations: readonly ActivationLine[]): RunReport['timeToActiveMs'] {
  const waits = activations.flatMap(({ outcome, tookMs }) =>
    (outcome === 'active' || outcome === 'payment_failed') && tookMs !== null ? [tookMs] : [],
  );
  return {
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    p99: quantile(waits, 0.99),
    longest: quantile(waits, 1),
  };
}

const activationNotices: readonly NoticeKind[] = [
  'payment_confirmed',
  'activation_started',
  'activation_successful',
  'activation_failed',
];

function noticesOf(seen: readonly SeenNotice[]): RunReport['notices'] {
  const kinds = new Set<string>([...activationNotices, ...seen.flatMap(({ kind }) => kind ?? [])]);
  const count = (kind: string, channel: 'email' | 'push') =>
    seen.filter((notice) => notice.kind === kind && notice.channel === channel).length;
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, { email: count(kind, 'email'), push: count(kind, 'push') }]),
  );
}

function reactivationsOf(free: readonly CaseFile[]): RunReport['reactivations'] {
  const phases = free.filter(({ state }) => state.origin === 'reconciliation').map(({ row }) => row.phase);
  const count = (wanted: string) => phases.filter((phase) => phase === wanted).length;
  const [done, failed] = [count('active'), count('failed')];
  return { done, failed, open: phases.length - done - failed };
}

function revocationsOf({ database }: Evidence): RunReport['revocations'] {
  const phases = database.activations.filter((row) => row.kind === 'revocation').map((row) => row.phase);
  const count = (wanted: string) => phases.filter((phase) => phase === wanted).length;
  const [done, superseded] = [count('dormant'), count('superseded')];
  return { done, superseded, open: phases.length - done - superseded };
}
