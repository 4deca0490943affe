import type { Selectable } from 'kysely';
import type { Database } from '../../../shared/ports/database.ts';
import { emptyNet, type LedgerEntry, type Net, netByActivation } from './ledger-rules.ts';
import type { EntryRow, PaymentsStandInSchema } from './schema.ts';
import type { SeenPayment } from './seen-payment.ts';

/** The most entries in one page. */
export const ledgerPageMax = 10_000;

/** The ledger for those who check it. Lapsed holds are released before each reading. */
export interface Ledger {
  /** Entries in order, after a sequence number, at most `limit` (10,000, which is also the most). */
  entries(page?: { readonly after?: number; readonly limit?: number }): Promise<LedgerEntry[]>;
  /** All entries, page by page. */
  allEntries(): Promise<LedgerEntry[]>;
  /** All payments that were asked for, oldest first. */
  payments(): Promise<SeenPayment[]>;
  /** The money of one activation; zeros for an unknown one. */
  net(activationId: string): Promise<Net>;
  nets(): Promise<Map<string, Net>>;
}

/** Returns a row of the table as an entry. */
export const entryOf = (row: Selectable<EntryRow>): LedgerEntry => ({
  sequence: row.sequence,
  at: row.at,
  kind: row.kind,
  from: row.from_account,
  to: row.to_account,
  amountMinor: row.amount,
  currency: row.currency,
  paymentId: row.payment_intent,
  activationId: row.activation_id,
  key: row.key,
});

export function ledgerOf(
  database: Database<PaymentsStandInSchema>,
  releaseLapsed: () => Promise<void>,
): Ledger {
  async function page(after: number, limit: number): Promise<LedgerEntry[]> {
    const rows = await database.reader
      .selectFrom('ledger_entries')
      .selectAll()
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map(entryOf);
  }

  async function allEntries(): Promise<LedgerEntry[]> {
    await releaseLapsed();
    const all: LedgerEntry[] = [];
    for (;;) {
      const next = await page(all.at(-1)?.sequence ?? 0, ledgerPageMax);
      all.push(...next);
      if (next.length < ledgerPageMax) return all;
    }
  }

  return {
    async entries({ after = 0, limit = ledgerPageMax } = {}) {
      await releaseLapsed();
      return page(after, Math.min(limit, ledgerPageMax));
    },
    allEntries,
    async payments() {
      const rows = await database.reader
        .selectFrom('payment_intents')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map(({ id, created_at, amount, currency, description, metadata }) => ({
        id,
        at: created_at,
        amountMinor: amount,
        currency: currency.toUpperCase(),
        description,
        metadata: JSON.parse(metadata) as Record<string, string>,
      }));
    },
    async net(activationId) {
      await releaseLapsed();
      const rows = await database.reader
        .selectFrom('ledger_entries')
        .selectAll()
        .where('activation_id', '=', activationId)
        .orderBy('sequence')
        .execute();
      return netByActivation(rows.map(entryOf)).get(activationId) ?? emptyNet;
    },
    nets: async () => netByActivation(await allEntries()),
  };
}
