import { balanceOf, capturedAt } from '../balance.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { isWithPeople } from '../peoples-money.ts';
import { type Reading, readingOf } from '../reading.ts';
import { moment, money, type Verdict, verdict } from '../verdict.ts';
import { judgeOtherMeans } from './other-means.ts';

const rule = { id: 1, title: 'No charge for an activation that was not delivered' };

/**
 * Rule 1, from the payment service's ledger and the broker's log: money that was kept has a result of that vehicle for a
 * command of that activation, seen before the capture. Money taken at once may come first, and must be gone when the
 * activation has failed, or be an open settlement within its deadline. What operators settle by other means counts too.
 */
export function neverCharged(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const files = reading.sold.filter((file) => file.ledger.length > 0);
  const inLedger = new Set(evidence.ledger.map((entry) => entry.activationId));
  return verdict(rule, files.length, { count: inLedger.size, name: 'activations in the ledger' }, [
    ...files.flatMap((file) => judge(evidence, file)),
    ...judgeOtherMeans(evidence, files),
  ]);
}

function judge(evidence: Evidence, file: CaseFile): string[] {
  const { id, vin, ledger, row, deliveredAt } = file;
  const currency = ledger[0]?.currency ?? '';
  const violations: string[] = [];
  const { netMinor } = balanceOf(ledger);
  const isSettledByPeople = isWithPeople(evidence, file);
  if (netMinor > 0 && deliveredAt === null && !isSettledByPeople) {
    violations.push(`${id}: ${money(netMinor, currency)} kept, but ${vin} never reported applied`);
  }
  const taken = capturedAt(ledger);
  if (taken !== null && deliveredAt !== null && taken < deliveredAt) {
    violations.push(
      `${id}: captured at ${moment(evidence, taken)}, before ${vin} reported applied at ${moment(evidence, deliveredAt)}`,
    );
  }
  const isLost = row.phase === 'failed' || row.phase === 'cancelled';
  if (isLost && row.ended_at !== null && !isSettledByPeople) violations.push(...afterLoss(evidence, file));
  return violations;
}

/** At the end of a failed or cancelled activation, and at every instant after it, nothing is kept and nothing held. */
function afterLoss(evidence: Evidence, { id, ledger, row }: CaseFile): string[] {
  const endedAt = row.ended_at ?? 0;
  const instants = [endedAt, ...ledger.map((entry) => entry.at).filter((at) => at > endedAt)];
  for (const at of instants) {
    const { netMinor, heldMinor } = balanceOf(ledger.filter((entry) => entry.at <= at));
    if (netMinor === 0 && heldMinor === 0) continue;
    const amount = money(netMinor + heldMinor, ledger[0]?.currency ?? '');
    return [
      `${id}: ${row.phase} at ${moment(evidence, endedAt)}, but ${amount} still held or captured at ${moment(evidence, at)}`,
    ];
  }
  return [];
}
