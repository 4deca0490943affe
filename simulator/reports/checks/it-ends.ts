import { countBy } from '../../../shared/memory/group.ts';
import { isBeyondCommand } from '../../scenarios/plan-vehicles.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { acceptedAnswers, endBoundMs } from '../expectations.ts';
import { isWithPeople } from '../peoples-money.ts';
import { type Reading, readingOf } from '../reading.ts';
import { slackOf } from '../slack.ts';
import { moment, span, type Verdict, verdict } from '../verdict.ts';

const rule = { id: 3, title: 'Every activation ends within the time limit of its policy' };

const endPhases: readonly string[] = ['active', 'failed', 'cancelled', 'declined'];
const endSettlements: readonly (string | null)[] = [
  null,
  'captured',
  'uncollectible',
  'voided',
  'refunded',
  'declined',
  'paid_back',
  'collected',
  'written_off',
];

/**
 * Rule 3: every accepted purchase has an activation that ended in time, with its money settled or in people's hands within their deadline; every revocation ended as
 * well, except toward a vehicle that the plan puts out of reach for good.
 */
export function itEnds(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const accepted = acceptedAnswers(evidence);
  const files = new Map(reading.sold.map((file) => [file.row.purchase_id, file]));
  const sharing = countBy(files.values(), ({ row }) => row.vin);
  const examined = accepted.flatMap(({ purchaseId }) => files.get(purchaseId) ?? []);
  return verdict(rule, examined.length, { count: accepted.length, name: 'purchases that were accepted' }, [
    ...examined.flatMap((file) => judge(evidence, file, sharing[file.row.vin] ?? 1)),
    ...openRevocations(evidence),
  ]);
}

function judge(evidence: Evidence, file: CaseFile, sharing: number): string[] {
  const { row } = file;
  if (!endPhases.includes(row.phase) || row.ended_at === null) {
    return [`${row.id}: still ${row.phase} at ${moment(evidence, evidence.takenAt)}`];
  }
  const violations: string[] = [];
  if (!endSettlements.includes(row.settlement) && !isWithPeople(evidence, file)) {
    violations.push(`${row.id}: ${row.phase}, but its settlement is still ${row.settlement}`);
  }
  const tookMs = row.ended_at - row.requested_at;
  const boundMs = endBoundMs(evidence.plan.constants, sharing, slackOf(evidence));
  if (tookMs > boundMs)
    violations.push(
      `${row.id}: took ${span(evidence, tookMs)}, its policy allows ${span(evidence, boundMs)}`,
    );
  return violations;
}

function openRevocations(evidence: Evidence): string[] {
  const { plan, database } = evidence;
  const beyond = new Set(
    plan.vehicles
      .filter((vehicle) => isBeyondCommand(vehicle, plan.constants.commandTimeoutMs))
      .map((vehicle) => vehicle.vin),
  );
  return database.activations
    .filter((row) => row.kind === 'revocation' && row.ended_at === null && !beyond.has(row.vin))
    .map(
      (row) =>
        `${row.id}: the revocation of ${row.parent_id} is still ${row.phase}, but ${row.vin} is reachable`,
    );
}
