import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';
import type { StoredFields, Ticket } from './stored-ticket.ts';
import type { TicketFact } from './ticket-machine.ts';
import { isOverdue, nextSlaMoment, type TicketWork } from './ticket-work.ts';

/** The lines of a ticket in the purchase's record, which is also what the webhook reads. */
export async function recordFacts(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  ticket: Pick<Ticket, 'id' | 'activationId' | 'purchaseId'>,
  facts: readonly TicketFact[],
): Promise<void> {
  const { id: ticketId, purchaseId, activationId } = ticket;
  const lines = facts.map(({ data, ...fact }) => ({
    ...{ purchaseId, activationId, ...fact },
    data: { ticketId, ...data },
  }));
  await appendRecord(transaction, ids, lines);
}

/** Reason of a ticket whose activation has not failed. */
export interface TicketProblem {
  readonly code: string;
  readonly message: string;
}

/** The work and the columns that look-ups go by. */
export function workColumns(work: TicketWork) {
  return {
    work: JSON.stringify(work),
    state: work.state,
    assigned_to: work.assignee,
    due_at: nextSlaMoment(work),
    overdue: isOverdue(work) ? 1 : 0,
  };
}

/** Saves the work with its lines in the record. Throws `StaleRow` when another process was faster. */
export async function saveWork(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  before: Ticket,
  work: TicketWork,
  facts: readonly TicketFact[],
): Promise<Ticket> {
  const closes = work.state === 'closed';
  const at = facts.at(-1)?.at ?? before.openedAt;
  const after: Ticket = {
    ...before,
    work,
    status: closes ? 'closed' : 'open',
    closedAt: closes ? (before.closedAt ?? at) : null,
    isOverdue: isOverdue(work),
    version: before.version + 1,
  };
  const result = await transaction
    .updateTable('tickets')
    .set({ ...workColumns(work), status: after.status, closed_at: after.closedAt, version: after.version })
    .where('id', '=', before.id)
    .where('version', '=', before.version)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleRow(`ticket ${before.id} was saved by another process`);
  await recordFacts(transaction, ids, before, facts);
  return after;
}

/** Saves what a ticket says, not where its work stands. Throws `StaleRow` when another process was faster. */
export async function saveFields(
  transaction: Transaction<PlatformSchema>,
  { id, version }: Ticket,
  fields: StoredFields,
): Promise<void> {
  const result = await transaction
    .updateTable('tickets')
    .set({ fields: JSON.stringify(fields), version: version + 1 })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new StaleRow(`ticket ${id} was saved by another process`);
}
