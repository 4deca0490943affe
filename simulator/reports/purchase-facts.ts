import { groupBy } from '../../shared/memory/group.ts';
import type { ActivationLine, Outcome } from './activation-line.ts';
import type { Evidence } from './evidence.ts';
import { moneyTotals } from './money-totals.ts';
import type { Reading } from './reading.ts';
import type { MoneyTotals } from './run-report.ts';

/** What the evidence shows of one purchase of the plan. */
export interface PurchaseFacts {
  readonly outcome: Outcome;
  /** Milliseconds of the run from the request to the end; null: not ended, or never begun. */
  readonly tookMs: number | null;
  /** The vehicle itself reported the feature as active after this purchase. */
  readonly isProven: boolean;
  readonly attempts: number;
  /** By currency, from the payment service's ledger. */
  readonly money: Readonly<Record<string, MoneyTotals>>;
  /** As the sinks received them; null: nothing tells which purchase they are about. */
  readonly emails: number | null;
  readonly pushes: number | null;
  readonly tickets: number | null;
}

/** Returns the facts of each purchase by its id in the plan. */
export function purchaseFacts(
  { answers }: Evidence,
  { sold, notices }: Reading,
  lines: readonly ActivationLine[],
): Map<string, PurchaseFacts> {
  const files = new Map(sold.map((file) => [file.id, file]));
  const ids = new Map(answers.map(({ plannedId, purchaseId }) => [plannedId, purchaseId]));
  const received = groupBy(notices, ({ row }) => row?.purchase_id ?? null);
  return new Map(
    lines.map(({ purchase, activation, outcome, tookMs, attempts }) => {
      const file = files.get(activation ?? '');
      const own = received.get(ids.get(purchase) ?? null) ?? [];
      const count = (channel: 'email' | 'push') => own.filter((one) => one.channel === channel).length;
      const facts: PurchaseFacts = {
        ...{ outcome, tookMs, attempts },
        isProven: file?.deliveredAt != null,
        money: moneyTotals(file?.ledger ?? []),
        emails: count('email'),
        pushes: count('push'),
        tickets: file?.tickets.length ?? 0,
      };
      return [purchase, facts];
    }),
  );
}
