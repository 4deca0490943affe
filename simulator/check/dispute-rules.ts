import type { Evidence } from '../reports/evidence.ts';
import type { DisputeAct } from './disputes.ts';

const endTypes = { won: 'payment.dispute_won', lost: 'payment.dispute_lost' } as const;

/**
 * Compares what the banks did with the history: each dispute was reported, stands there once for each of its events, and one that was
 * lost makes the purchase unpaid, unless it has failed or was cancelled, or an operator has collected the amount by other means.
 */
export function judgeDisputes({ database }: Evidence, disputes: readonly DisputeAct[]): string[] {
  return disputes.flatMap(({ disputeId, purchaseId, activationId, outcome }) => {
    const types = database.record
      .filter(
        ({ activation_id: id, data }) =>
          id === activationId && (JSON.parse(data) as { disputeId?: string }).disputeId === disputeId,
      )
      .map(({ type }) => type);
    const opened = types.filter((type) => type === 'payment.disputed').length;
    const ended = outcome === 'open' ? 0 : types.filter((type) => type === endTypes[outcome]).length;
    const violations: string[] = [];
    // The event of its end may come first; then it is not opened any more.
    if (outcome === 'open' ? opened !== 1 : opened > 1 || ended !== 1)
      violations.push(
        `${disputeId}: ${outcome} at the bank, but the history says ${types.join(', ') || 'nothing'}`,
      );
    const status = database.purchases.find(({ id }) => id === purchaseId)?.status ?? 'missing';
    if (outcome === 'lost' && status === 'active' && !types.includes('payment.collected'))
      violations.push(`${disputeId}: lost, but the purchase ${purchaseId} is still active`);
    if (outcome !== 'lost' && status === 'payment_failed')
      violations.push(`${disputeId}: ${outcome}, but the purchase ${purchaseId} is ${status}`);
    return violations;
  });
}
