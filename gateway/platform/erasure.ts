import type { Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Activation } from '../activation/activation.ts';
import type { NoticeData } from '../notifications/notice-data.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { StoredFields } from '../support/stored-ticket.ts';
import type { TicketWork } from '../support/ticket-work.ts';
import { findCustomer } from './customer.ts';
import {
  erasedActivation,
  erasedCustomer,
  erasedFields,
  erasedLine,
  erasedNotice,
  erasedText,
  erasedWork,
} from './erased-rows.ts';
import { type Obstacles, obstaclesOf, obstacleText } from './erasure-obstacles.ts';

type Erasing = Transaction<PlatformSchema>;

export type Erased =
  /** `filesCleaned` is false where the database is too large to be rewritten while others wait (`Database.scrub`). */
  | { readonly kind: 'done'; readonly erasedAt: number; readonly filesCleaned: boolean }
  | { readonly kind: 'not_found' }
  /** Nothing was changed. `reason` names the obstacles and the fix. */
  | { readonly kind: 'refused'; readonly reason: string; readonly obstacles: Obstacles };

type Decided = Exclude<Erased, { kind: 'done' }> | { readonly kind: 'done'; readonly erasedAt: number };

export interface ErasureDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Every table that a personal field ever lay in. */
const tables = ['customers', 'vehicles', 'activations', 'notices', 'tickets', 'record'] as const;

/** Rows of one insert: far below the 32,766 values of a statement. */
const insertMax = 500;

async function eraseRegisters(transaction: Erasing, id: string, at: number): Promise<void> {
  await transaction
    .updateTable('customers')
    .set({ ...erasedCustomer(id), erased_at: at })
    .where('id', '=', id)
    .execute();
  await transaction
    .updateTable('vehicles')
    .set((eb) => ({ customer_id: null, model_name: eb.ref('model') }))
    .where('customer_id', '=', id)
    .execute();
}

async function eraseActivations(transaction: Erasing, customerId: string): Promise<void> {
  const rows = await transaction
    .selectFrom('activations as a')
    .innerJoin('purchases as p', 'p.id', 'a.purchase_id')
    .select(['a.id', 'a.state', 'a.version'])
    .where('p.customer_id', '=', customerId)
    .where('a.settlement', 'is not', null)
    .execute();
  for (const { id, state, version } of rows) {
    const after = erasedActivation(JSON.parse(state) as Activation);
    await transaction
      .updateTable('activations')
      .set({ state: JSON.stringify(after), version: version + 1 })
      .where('id', '=', id)
      .execute();
  }
}

async function eraseNotices(transaction: Erasing, customerId: string): Promise<void> {
  const rows = await transaction
    .selectFrom('notices')
    .select(['id', 'data', 'last_error'])
    .where('customer_id', '=', customerId)
    .execute();
  for (const { id, data, last_error } of rows) {
    const after = erasedNotice(JSON.parse(data) as NoticeData, customerId);
    await transaction
      .updateTable('notices')
      .set({
        data: JSON.stringify(after),
        last_error: last_error === null ? null : erasedText,
        address: null,
      })
      .where('id', '=', id)
      .execute();
  }
}

async function eraseTickets(transaction: Erasing, customerId: string): Promise<void> {
  const rows = await transaction
    .selectFrom('tickets')
    .select(['id', 'fields', 'work', 'version'])
    .where('customer_id', '=', customerId)
    .execute();
  for (const { id, fields, work, version } of rows) {
    const after = erasedFields(JSON.parse(fields) as StoredFields);
    await transaction
      .updateTable('tickets')
      .set({
        fields: JSON.stringify(after),
        work: work === null ? null : JSON.stringify(erasedWork(JSON.parse(work) as TicketWork)),
        version: version + 1,
      })
      .where('id', '=', id)
      .execute();
  }
}

/** The database lets this happen as long as the erasure has no end (record-triggers.ts). */
async function eraseRecord(transaction: Erasing, customerId: string): Promise<void> {
  const rows = await transaction
    .selectFrom('record as r')
    .innerJoin('purchases as p', 'p.id', 'r.purchase_id')
    .select(['r.seq', 'r.type', 'r.data'])
    .where((where) =>
      where.or([where('p.customer_id', '=', customerId), where('p.holder_id', '=', customerId)]),
    )
    .execute();
  for (const { seq, type, data } of rows) {
    const before = JSON.parse(data) as Record<string, unknown>;
    const after = erasedLine(type, before);
    if (after === before) continue;
    await transaction
      .updateTable('record')
      .set({ data: JSON.stringify(after) })
      .where('seq', '=', seq)
      .execute();
  }
}

/** Each purchase's record says what became of it. */
async function noteErasure(
  transaction: Erasing,
  ids: Ids,
  customerId: string,
  { at, by }: { readonly at: number; readonly by: string },
): Promise<void> {
  const purchases = await transaction
    .selectFrom('purchases')
    .select(['id', 'activation_id'])
    .where('customer_id', '=', customerId)
    .orderBy('id')
    .execute();
  const lines = purchases.map(({ id, activation_id }) => ({
    id: ids.next('rec'),
    purchase_id: id,
    activation_id,
    at,
    type: 'customer.erased',
    actor: by,
    data: JSON.stringify({ customerId }),
  }));
  for (let start = 0; start < lines.length; start += insertMax) {
    await transaction
      .insertInto('record')
      .values(lines.slice(start, start + insertMax))
      .execute();
  }
}

async function erase(
  transaction: Erasing,
  { clock, ids }: ErasureDeps,
  customerId: string,
  by: string,
): Promise<Decided> {
  const customer = await findCustomer(transaction, customerId);
  if (customer === null) return { kind: 'not_found' };
  if (customer.erased_at !== null) return { kind: 'done', erasedAt: customer.erased_at };
  const obstacles = await obstaclesOf(transaction, customerId);
  const reason = obstacleText(obstacles);
  if (reason !== null) return { kind: 'refused', reason, obstacles };
  const at = clock.now();
  await transaction
    .insertInto('erasures')
    .values({ customer_id: customerId, begun_at: at, ended_at: null })
    .execute();
  await eraseRegisters(transaction, customerId, at);
  await eraseActivations(transaction, customerId);
  await eraseNotices(transaction, customerId);
  await eraseTickets(transaction, customerId);
  await eraseRecord(transaction, customerId);
  await noteErasure(transaction, ids, customerId, { at, by });
  await transaction
    .updateTable('erasures')
    .set({ ended_at: at })
    .where('customer_id', '=', customerId)
    .execute();
  return { kind: 'done', erasedAt: at };
}

/**
 * Puts a pseudonym in the place of a customer's personal data everywhere in the database, in one transaction, and then removes what
 * was there from the files (docs/personal-data.md). Amounts, instants, ids and who did what stay. A repeat changes no row, and
 * cleans the files again: the first may have died before it did. `by` is who asked, as the record names actors.
 */
export async function eraseCustomer(deps: ErasureDeps, customerId: string, by: string): Promise<Erased> {
  const answer = await deps.database.write((transaction) => erase(transaction, deps, customerId, by));
  return answer.kind === 'done' ? { ...answer, filesCleaned: await deps.database.scrub(tables) } : answer;
}
