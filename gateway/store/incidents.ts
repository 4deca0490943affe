import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { preparedQuery } from '../../shared/sql/prepared-query.ts';
import { appendRecord } from './record-lines.ts';
import type { IncidentTable, PlatformSchema } from './schema.ts';

/** What holds back the whole fleet: a systemic cause at the API IoT until calls go well again, or an operator's pause; at most one is open. */
export type IncidentRow = Selectable<IncidentTable>;

/** What is known when one is opened; without a name it is opened by the engine. */
export type NewIncident = Pick<IncidentRow, 'cause' | 'calls' | 'closes_by' | 'opened_at' | 'probe_at'> &
  Partial<Pick<IncidentRow, 'opened_by' | 'reason'>>;

const open = preparedQuery((database: Kysely<PlatformSchema>) =>
  database.selectFrom('incidents').selectAll().where('closed_at', 'is', null).limit(1),
);

/** The incident that is open, or null. */
export async function openIncidentOf(database: Kysely<PlatformSchema>): Promise<IncidentRow | null> {
  const { rows } = await open(database, {});
  return rows[0] ?? null;
}

/** Opens an incident with its line in the history, unless another process has opened one: then that one is returned. */
export async function openIncident(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  incident: NewIncident,
): Promise<{ readonly incident: IncidentRow; readonly isNew: boolean }> {
  const known = await openIncidentOf(transaction);
  if (known !== null) return { incident: known, isNew: false };
  const row: IncidentRow = {
    ...{ opened_by: 'engine', reason: null, ...incident },
    ...{ id: ids.next('inc'), closed_at: null, closed_by: null },
  };
  await transaction.insertInto('incidents').values(row).execute();
  const { id: incidentId, cause, calls, probe_at: probeAt, reason } = row;
  const data = cause === 'paused' ? { incidentId, cause, reason } : { incidentId, cause, calls, probeAt };
  const [at, actor] = [row.opened_at, row.opened_by ?? 'engine'];
  await appendRecord(transaction, ids, [
    { purchaseId: null, activationId: null, at, type: 'incident.opened', actor, data },
  ]);
  return { incident: row, isNew: true };
}

/**
 * Pauses the engine: no activation calls the API IoT until an operator resumes. A systemic incident that is open ends with it, for the
 * pause holds the same activations back. Resolves with the pause, or null: it is paused already.
 */
export async function openPause(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  { actor, at, reason }: { readonly actor: string; readonly at: number; readonly reason: string },
): Promise<IncidentRow | null> {
  const known = await openIncidentOf(transaction);
  if (known?.cause === 'paused') return null;
  if (known !== null) await closeIncident(transaction, ids, known.id, { actor, at });
  const { incident } = await openIncident(transaction, ids, {
    ...{ cause: 'paused', calls: 0, closes_by: 'any', opened_at: at, probe_at: at },
    ...{ opened_by: actor, reason },
  });
  return incident;
}

/** Takes the probe that is due at `from`: of several processes one gets it, and the next is due at `to`. */
export async function claimProbe(
  transaction: Transaction<PlatformSchema>,
  { id, from, to }: { readonly id: string; readonly from: number; readonly to: number },
): Promise<boolean> {
  const result = await transaction
    .updateTable('incidents')
    .set({ probe_at: to })
    .where('id', '=', id)
    .where('probe_at', '=', from)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Closes an incident with its line in the history. Resolves with it, or null: none with this id is open. */
export async function closeIncident(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  id: string,
  { actor, at }: { readonly actor: string; readonly at: number },
): Promise<IncidentRow | null> {
  const row = await transaction
    .updateTable('incidents')
    .set({ closed_at: at, closed_by: actor })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const data = { incidentId: id, cause: row.cause, lastedMs: at - row.opened_at };
  await appendRecord(transaction, ids, [
    { purchaseId: null, activationId: null, at, type: 'incident.closed', actor, data },
  ]);
  return row;
}

/** Incidents, the newest first, at most `limit`, before a place in that order. */
export function listIncidents(
  database: Kysely<PlatformSchema>,
  query: {
    readonly status: 'open' | 'closed' | 'all';
    readonly limit: number;
    readonly before: { readonly at: number; readonly id: string } | null;
  },
): Promise<IncidentRow[]> {
  let select = database.selectFrom('incidents').selectAll();
  if (query.status !== 'all')
    select = select.where('closed_at', query.status === 'open' ? 'is' : 'is not', null);
  const { before } = query;
  if (before !== null)
    select = select.where((where) =>
      where(where.refTuple('opened_at', 'id'), '<', where.tuple(before.at, before.id)),
    );
  return select.orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
}
