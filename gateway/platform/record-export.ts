import { z } from 'zod';
import type { Owner } from './ownership.ts';
import { type Purchase, purchaseSchema, type ReadDeps, readPurchase } from './purchase-view.ts';
import { type RecordView, recordViews } from './record-type.ts';
import { listRecord, recordEntrySchema } from './record-view.ts';

/** The most lines of one export; a purchase has some dozens. A page later on is at `/purchases/{id}/record?cursor=`. */
export const exportMax = 10_000;

export const recordExportSchema = z
  .object({
    purchase: purchaseSchema,
    view: z.enum(recordViews),
    exportedAt: z.int(),
    complete: z.boolean().meta({ description: `False where it was cut after ${exportMax} lines` }),
    events: z.array(recordEntrySchema),
  })
  .meta({ id: 'RecordExport' });
export type RecordExport = z.infer<typeof recordExportSchema>;

/** The whole record of a purchase; null when there is no such purchase for this owner. */
export async function exportRecord(
  deps: ReadDeps,
  id: string,
  { owner, view }: { readonly owner: Owner; readonly view: RecordView },
): Promise<RecordExport | null> {
  const purchase: Purchase | null = await readPurchase(deps, id, owner);
  if (purchase === null) return null;
  const part = { view, limit: exportMax, after: 0 };
  const { events, next } = await listRecord(deps.database.reader, id, part);
  return { purchase, view, exportedAt: deps.clock.now(), complete: next === null, events };
}
