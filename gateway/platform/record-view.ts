import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';
import type { Owner } from './ownership.ts';
import { pageOf } from './paging.ts';

/** One line of the record. `sequence` rises in the order in which things became true here. */
export const recordEntrySchema = z
  .object({
    sequence: z.int(),
    id: z.string(),
    at: z.int(),
    type: z.string().meta({ example: 'activation.sending_command' }),
    actor: z.string().meta({ example: 'engine' }),
    purchaseId: z.string().nullable(),
    activationId: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RecordEntry' });
export type RecordEntry = z.infer<typeof recordEntrySchema>;

export function recordEntry(row: RecordRow): RecordEntry {
  return {
    sequence: row.seq,
    id: row.id,
    at: row.at,
    type: row.type,
    actor: row.actor,
    purchaseId: row.purchase_id,
    activationId: row.activation_id,
    data: JSON.parse(row.data) as RecordEntry['data'],
  };
}

/** The record of a purchase (the "expediente"), oldest first. */
export async function listRecord(
  database: Kysely<PlatformSchema>,
  purchaseId: string,
  limit: number,
  after: number,
): Promise<{ events: RecordEntry[]; next: string | null }> {
  const rows = await database
    .selectFrom('record')
    .selectAll()
    .where('purchase_id', '=', purchaseId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit + 1)
    .execute();
  const { page, next } = pageOf(rows, limit, (row) => String(row.seq));
  return { events: page.map(recordEntry), next };
}

/** Those of a customer's purchases; all for everybody's. */
export async function rowsFor(
  database: Kysely<PlatformSchema>,
  owner: Owner,
  rows: readonly RecordRow[],
): Promise<readonly RecordRow[]> {
  const ids = [...new Set(rows.flatMap((row) => row.purchase_id ?? []))];
  if (owner === null || ids.length === 0) return owner === null ? rows : [];
  const own = await database
    .selectFrom('purchases')
    .select('id')
    .where('customer_id', '=', owner)
    .where('id', 'in', ids)
    .execute();
  const known = new Set(own.map(({ id }) => id));
  return rows.filter((row) => row.purchase_id !== null && known.has(row.purchase_id));
}

/** The newest sequence, 0 for an empty record. */
export async function newestSequence(database: Kysely<PlatformSchema>): Promise<number> {
  const row = await database
    .selectFrom('record')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}
