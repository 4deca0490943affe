import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';

/** Money of some entries, by the accounts that they name: what the customer has paid, and what is held of the customer's. */
export interface Balance {
  readonly netMinor: number;
  readonly heldMinor: number;
}

export function balanceOf(entries: readonly LedgerEntry[]): Balance {
  let netMinor = 0;
  let heldMinor = 0;
  for (const { from, to, amountMinor } of entries) {
    if (to === 'merchant') netMinor += amountMinor;
    if (from === 'merchant') netMinor -= amountMinor;
    if (to === 'customer_hold') heldMinor += amountMinor;
    if (from === 'customer_hold') heldMinor -= amountMinor;
  }
  return { netMinor, heldMinor };
}

/** Movements that the platform asked for: what the customer's bank takes and returns in a dispute is left out. */
export function withoutDisputes(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.filter(({ kind }) => kind !== 'disputed' && kind !== 'dispute_won');
}

/** When the last of the money went back, or null when none did. */
export function reversedAt(entries: readonly LedgerEntry[]): number | null {
  const instants = entries
    .filter((entry) => entry.kind === 'voided' || entry.kind === 'refunded')
    .map((entry) => entry.at);
  return instants.length === 0 ? null : Math.max(...instants);
}

/** The first entry that takes money from a hold, or null. */
export function capturedAt(entries: readonly LedgerEntry[]): number | null {
  return entries.find((entry) => entry.kind === 'captured')?.at ?? null;
}
