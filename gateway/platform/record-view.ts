import type { Kysely } from 'kysely';
import { z } from 'zod';
import { buyerViews, isInView } from '../entitlement/transfer.ts';
import { pageOf } from '../http/paging.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';
import type { EventText } from './event-text.ts';
import { customerTypes, eventTexts } from './event-texts.ts';
import type { Owner } from './ownership.ts';
import type { RecordType, RecordView } from './record-type.ts';

/** One line of the record: when, what, why, who. `sequence` rises in the order in which things became true here. */
export const recordEntrySchema = z
  .object({
    sequence: z.int(),
    id: z.string(),
    at: z.int(),
    type: z.string().meta({ example: 'activation.sending_command' }),
    what: z.string().meta({ example: 'the command is sent to the vehicle, attempt 1' }),
    cause: z.string().nullable().meta({ description: 'Why; null where it follows from the line before' }),
    actor: z.string().meta({ example: 'engine' }),
    purchaseId: z.string().nullable(),
    activationId: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RecordEntry' });
export type RecordEntry = z.infer<typeof recordEntrySchema>;

/** How a caller reads the record unless they ask otherwise. */
export const viewFor = (owner: Owner): RecordView => (owner === null ? 'support' : 'customer');

/** Technicians have names for each other; to a customer they are support. */
function actorFor(view: RecordView, actor: string): string {
  return view === 'customer' ? (actor.split(':')[0] ?? actor) : actor;
}

/** What an older version wrote has no words here; it is support's alone. */
function wordsOf(type: string) {
  const known = Object.hasOwn(eventTexts, type) ? eventTexts[type as RecordType] : null;
  return known ?? { what: () => type.replaceAll(/[._]/g, ' ') };
}

/** Returns the texts of a line as a page shows them; null: those of the API. */
export type Translate = (
  type: string,
  data: RecordEntry['data'],
) => { readonly what: string; readonly cause: string | null } | null;

/** The line as this reader sees it, or null when it is not for them. */
export function recordEntry(
  row: RecordRow,
  view: RecordView,
  translate: Translate = () => null,
): RecordEntry | null {
  const words: EventText = wordsOf(row.type);
  const data = JSON.parse(row.data) as RecordEntry['data'];
  const { shown } = words;
  if (view === 'customer' && shown === undefined) return null;
  return {
    sequence: row.seq,
    id: row.id,
    at: row.at,
    type: row.type,
    ...(translate(row.type, data) ?? { what: words.what(data), cause: words.cause?.(data, view) ?? null }),
    actor: actorFor(view, row.actor),
    purchaseId: row.purchase_id,
    activationId: row.activation_id,
    data: view === 'customer' ? only(data, shown ?? []) : data,
  };
}

const only = (data: RecordEntry['data'], keys: readonly string[]): RecordEntry['data'] =>
  Object.fromEntries(Object.entries(data).filter(([key]) => keys.includes(key)));

export interface RecordPart {
  readonly view: RecordView;
  readonly limit: number;
  /** A sequence. */
  readonly after: number;
  readonly translate?: Translate;
}

/** The record of a purchase (the "expediente") in one of its two views, oldest first. */
export async function listRecord(
  database: Kysely<PlatformSchema>,
  purchaseId: string,
  { view, limit, after, translate }: RecordPart,
): Promise<{ events: RecordEntry[]; next: string | null }> {
  let query = database
    .selectFrom('record')
    .selectAll()
    .where('purchase_id', '=', purchaseId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit + 1);
  if (view === 'customer') {
    query = query.where('type', 'in', customerTypes);
    const own = (await buyerViews(database, [purchaseId])).get(purchaseId);
    if (own !== undefined)
      query = query.where((where) =>
        where.or([
          where('activation_id', '=', own.activationId),
          ...own.spans.map(({ after, until }) =>
            where.and([where('seq', '>', after), where('seq', '<=', until)]),
          ),
        ]),
      );
  }
  const { page, next } = pageOf(await query.execute(), limit, (row) => String(row.seq));
  return { events: page.flatMap((row) => recordEntry(row, view, translate) ?? []), next };
}

/** Lines of a customer's purchases from the time in which they owned the vehicle; without a customer all lines. */
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
  if (known.size === 0) return [];
  const views = await buyerViews(database, [...known]);
  return rows.filter((row) => {
    if (row.purchase_id === null || !known.has(row.purchase_id)) return false;
    const own = views.get(row.purchase_id);
    return own === undefined || isInView(own, row);
  });
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
