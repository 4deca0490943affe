import { groupBy } from '../../../shared/memory/group.ts';
import { balanceOf } from '../balance.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { money } from '../verdict.ts';

const collected = 'payment.collected';
const paidBack = 'payment.paid_back';

/**
 * Judges what operators settled outside of the payment service, together with its ledger: of what was not delivered nothing is
 * collected, and by all means together the customer pays the price at most once and gets back at most what was paid.
 */
export function judgeOtherMeans({ database }: Evidence, files: readonly CaseFile[]): string[] {
  const decisions = groupBy(
    database.record.filter(({ type }) => type === collected || type === paidBack),
    (line) => line.activation_id,
  );
  return files.flatMap((file) => {
    const lines = decisions.get(file.id) ?? [];
    const sumOf = (wanted: string) =>
      lines
        .filter(({ type }) => type === wanted)
        .reduce(
          (sum, { data }) => sum + (JSON.parse(data) as { readonly amountMinor: number }).amountMinor,
          0,
        );
    return lines.length === 0 ? [] : judge(file, sumOf(collected), sumOf(paidBack));
  });
}

function judge(
  { id, ledger, row, state }: CaseFile,
  collectedMinor: number,
  paidBackMinor: number,
): string[] {
  const { amountMinor = 0, currency = '' } = state.settlement ?? {};
  const isLost = row.phase === 'failed' || row.phase === 'cancelled';
  const paid = balanceOf(ledger).netMinor + collectedMinor - paidBackMinor;
  const violations: string[] = [];
  if (isLost && collectedMinor > 0)
    violations.push(`${id}: ${row.phase}, but ${money(collectedMinor, currency)} collected by other means`);
  if (paid > amountMinor)
    violations.push(
      `${id}: ${money(paid, currency)} paid by all means together, the price is ${money(amountMinor, currency)}`,
    );
  if (paid < 0) violations.push(`${id}: ${money(-paid, currency)} too much returned by all means together`);
  return violations;
}
