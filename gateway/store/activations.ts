import type { Kysely, Transaction } from 'kysely';
import { preparedByCount, preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import { type Activation, nextDueAt } from '../activation/activation.ts';
import { commandingPhases, finalPhases } from '../activation/phase.ts';
import type { ActivationRow, PlatformSchema } from './schema.ts';
import { StaleRow } from './stale-row.ts';

/** An activation with what its row knows beside it. */
export interface StoredActivation {
  readonly activation: Activation;
  readonly version: number;
  readonly purchaseId: string | null;
  readonly parentId: string | null;
}

export interface ActivationLinks {
  readonly purchaseId: string | null;
  readonly parentId: string | null;
  /** Lower goes first on one vehicle: 0 if a customer waits, else 1. */
  readonly priority: 0 | 1;
}

function columns(activation: Activation) {
  const ended = finalPhases.has(activation.phase);
  return {
    phase: activation.phase,
    settlement: activation.settlement?.status ?? null,
    state: JSON.stringify(activation),
    due_at: nextDueAt(activation),
    ended,
  };
}

/** Throws the database's unique violation when the feature has an open activation already. */
export async function insertActivation(
  transaction: Transaction<PlatformSchema>,
  activation: Activation,
  links: ActivationLinks,
): Promise<void> {
  const { ended: _, ...row } = columns(activation);
  await transaction
    .insertInto('activations')
    .values({
      id: activation.id,
      purchase_id: links.purchaseId,
      parent_id: links.parentId,
      vin: activation.vin,
      service_id: activation.serviceId,
      feature: activation.feature,
      kind: activation.kind,
      priority: links.priority,
      version: 1,
      requested_at: activation.requestedAt,
      ended_at: null,
      ...row,
    })
    .execute();
}

const byId = preparedQuery((database: Kysely<PlatformSchema>, value: ValueOf<{ id: string }>) =>
  database
    .selectFrom('activations')
    .select(['state', 'version', 'purchase_id', 'parent_id'])
    .where('id', '=', value('id')),
);

export async function loadActivation(
  database: Kysely<PlatformSchema>,
  id: string,
): Promise<StoredActivation | null> {
  const { rows } = await byId(database, { id });
  return rows[0] ? storedActivation(rows[0]) : null;
}

/** Null when there is no such activation. */
export async function currentVersion(database: Kysely<PlatformSchema>, id: string): Promise<number | null> {
  const row = await database
    .selectFrom('activations')
    .select('version')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.version ?? null;
}

export function storedActivation(
  row: Pick<ActivationRow, 'state' | 'version' | 'purchase_id' | 'parent_id'>,
): StoredActivation {
  return {
    activation: JSON.parse(row.state) as Activation,
    version: row.version,
    purchaseId: row.purchase_id,
    parentId: row.parent_id,
  };
}

type SavedColumns = Pick<ActivationRow, 'id' | 'phase' | 'settlement' | 'state' | 'due_at'> & {
  readonly before: number;
  readonly version: number;
};

const updated = (database: Kysely<PlatformSchema>, value: ValueOf<SavedColumns>) =>
  database
    .updateTable('activations')
    .set({
      phase: value('phase'),
      settlement: value('settlement'),
      state: value('state'),
      due_at: value('due_at'),
      version: value('version'),
    })
    .where('id', '=', value('id'))
    .where('version', '=', value('before'));
const save = preparedQuery(updated);
const saveEnded = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<SavedColumns & { readonly endedAt: number }>) =>
    updated(database, value).set({ ended_at: value('endedAt') }),
);

/** Compare-and-set on the version; throws `StaleRow` when another process was faster. */
export async function saveActivation(
  transaction: Transaction<PlatformSchema>,
  before: StoredActivation,
  activation: Activation,
  at: number,
): Promise<StoredActivation> {
  const { ended, ...row } = columns(activation);
  const wasEnded = finalPhases.has(before.activation.phase);
  const values = { ...row, id: activation.id, before: before.version, version: before.version + 1 };
  const { numAffectedRows } = await (ended && !wasEnded
    ? saveEnded(transaction, { ...values, endedAt: at })
    : save(transaction, values));
  if (numAffectedRows !== 1n) throw new StaleRow(`activation ${activation.id} was saved by another process`);
  return { ...before, activation, version: before.version + 1 };
}

const busyWith = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ vin: string; exceptId: string }>) =>
    database
      .selectFrom('activations')
      .select('id')
      .where('vin', '=', value('vin'))
      .where('ended_at', 'is', null)
      .where('phase', 'in', [...commandingPhases])
      .where('id', '!=', value('exceptId'))
      .limit(1),
);

/** Another activation of the vehicle may have a command under way. */
export async function isVehicleBusy(
  database: Kysely<PlatformSchema>,
  { vin, id: exceptId }: Activation,
): Promise<boolean> {
  const { rows } = await busyWith(database, { vin, exceptId });
  return rows.length > 0;
}

/** A customer waits for another command to this vehicle that could be sent now: background commands wait. */
export async function isCustomerWaiting(
  database: Kysely<PlatformSchema>,
  activation: Activation,
  now: number,
): Promise<boolean> {
  const row = await database
    .selectFrom('activations')
    .select('id')
    .where('vin', '=', activation.vin)
    .where('ended_at', 'is', null)
    .where('priority', '=', 0)
    .where('phase', 'in', ['queued_for_activation', 'waiting_backoff'])
    .where('due_at', '<=', now)
    .where('id', '!=', activation.id)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

const waitingOf = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ vin: string; exceptId: string }>) =>
    database
      .selectFrom('activations')
      .select(['state', 'version', 'purchase_id', 'parent_id'])
      .where('vin', '=', value('vin'))
      .where('ended_at', 'is', null)
      .where('phase', 'in', ['queued_for_activation', 'waiting_backoff'])
      .where('id', '!=', value('exceptId'))
      .orderBy('priority')
      .orderBy('requested_at')
      .orderBy('id')
      // A vehicle has few features; revocations of one that never comes back are the rest. Who is left out looks again by itself.
      .limit(100),
);

/** Who may send next now that the vehicle is free: the first that waits, customers before the rest. */
export async function nextForVehicle(
  database: Kysely<PlatformSchema>,
  vin: string,
  exceptId: string,
): Promise<StoredActivation | null> {
  const { rows } = await waitingOf(database, { vin, exceptId });
  const postponed = rows.map(storedActivation).filter((stored) => stored.activation.postponed > 0);
  return postponed[0] ?? null;
}

export interface Overdue {
  readonly id: string;
  readonly dueAt: number;
}

/** A page of activations that wait for their next attempt, due until `until`, the soonest first; `after` is the last one of the page before. */
export async function waitingActivations(
  database: Kysely<PlatformSchema>,
  until: number,
  after: Overdue,
  limit: number,
): Promise<StoredActivation[]> {
  const rows = await database
    .selectFrom('activations')
    .select(['state', 'version', 'purchase_id', 'parent_id'])
    .where('due_at', '<=', until)
    // The first condition is what the index can use.
    .where('due_at', '>=', after.dueAt)
    .where((where) => where.or([where('due_at', '>', after.dueAt), where('id', '>', after.id)]))
    .where('phase', 'in', ['queued_for_activation', 'waiting_backoff'])
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(storedActivation);
}

const overdue = preparedByCount(
  (
    database: Kysely<PlatformSchema>,
    value: ValueOf<{ before: number; from: number; afterId: string }>,
    limit,
  ) =>
    database
      .selectFrom('activations')
      .select(['id', 'due_at'])
      .where('due_at', '<=', value('before'))
      // The first condition is what the index can use.
      .where('due_at', '>=', value('from'))
      .where((where) => where.or([where('due_at', '>', value('from')), where('id', '>', value('afterId'))]))
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit),
);

/** A page of activations whose moment has passed, the longest overdue first; `after` is the last one of the page before. */
export async function overdueActivations(
  database: Kysely<PlatformSchema>,
  before: number,
  after: Overdue | null,
  limit: number,
): Promise<Overdue[]> {
  const values = { before, from: after?.dueAt ?? 0, afterId: after?.id ?? '' };
  const { rows } = await overdue(limit)(database, values);
  return rows.map((row) => ({ id: row.id, dueAt: row.due_at ?? 0 }));
}
