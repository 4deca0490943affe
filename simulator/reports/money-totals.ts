import { groupBy } from '../../shared/memory/group.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import type { MoneyTotals } from './run-report.ts';

/** Returns what the payment service's ledger says was moved, by currency. */
export function moneyTotals(ledger: readonly LedgerEntry[]): Record<string, MoneyTotals> {
  const totals: Record<string, MoneyTotals> = {};
  for (const [currency, entries] of groupBy(ledger, (entry) => entry.currency)) {
    const sum = (...kinds: string[]) =>
      entries
        .filter((entry) => kinds.includes(entry.kind))
        .reduce((all, entry) => all + entry.amountMinor, 0);
    totals[currency] = {
      authorisedMinor: sum('authorised'),
      atOnceMinor: sum('charged'),
      capturedMinor: sum('captured', 'charged'),
      voidedMinor: sum('voided'),
      refundedMinor: sum('refunded'),
      keptMinor: sum('captured', 'charged') - sum('refunded'),
    };
  }
  return totals;
}
