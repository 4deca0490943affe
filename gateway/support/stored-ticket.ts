import type { VehicleCommand } from '../adapter/answers.ts';
import type { TicketRow } from '../store/ticket-tables.ts';
import type { Unavailable } from './diagnostics.ts';
import { stopClock } from './sla-clock.ts';
import { standardSla } from './support-settings.ts';
import type { TicketFields } from './ticket.ts';
import { newWork, type TicketWork } from './ticket-work.ts';

export interface TicketNote {
  readonly at: number;
  readonly by: string;
  readonly text: string;
}

/** What is kept as JSON: the specification's fields, the vehicle's latest commands, and what came after. */
export interface StoredFields extends TicketFields {
  readonly configurationHistory: readonly VehicleCommand[] | Unavailable;
  readonly notes: readonly TicketNote[];
}

/** A ticket as the support desk reads it. Instants are epoch milliseconds. */
export interface Ticket {
  readonly id: string;
  readonly activationId: string;
  readonly purchaseId: string | null;
  /** Whether it is over; `work.state` says where the work stands. */
  readonly status: TicketRow['status'];
  readonly openedAt: number;
  /** As promised when it was opened. */
  readonly responseDueAt: number;
  readonly closedAt: number | null;
  readonly isOverdue: boolean;
  /** Tickets of one cause share it. */
  readonly incidentId: string | null;
  readonly work: TicketWork;
  readonly version: number;
  readonly fields: StoredFields;
}

/** A ticket opened before there was any work on it: as its other columns say. */
function firstWork(row: TicketRow): TicketWork {
  const { resolutionMs } = standardSla[row.priority];
  const times = { responseMs: row.response_due_at - row.opened_at, resolutionMs };
  const work = newWork(times, row.assigned_to, row.opened_at);
  if (row.status === 'open') return work;
  const { response, resolving } = work;
  const at = row.closed_at ?? row.opened_at;
  return { ...work, state: 'closed', response: stopClock(response, at), resolving: stopClock(resolving, at) };
}

export function workOf(row: TicketRow): TicketWork {
  return row.work === null ? firstWork(row) : (JSON.parse(row.work) as TicketWork);
}

export function ticketOf(row: TicketRow): Ticket {
  return {
    id: row.id,
    activationId: row.activation_id,
    purchaseId: row.purchase_id,
    status: row.status,
    openedAt: row.opened_at,
    responseDueAt: row.response_due_at,
    closedAt: row.closed_at,
    isOverdue: row.overdue === 1,
    incidentId: row.incident_id,
    work: workOf(row),
    version: row.version,
    fields: JSON.parse(row.fields) as StoredFields,
  };
}
