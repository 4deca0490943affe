import type { Generated, Selectable } from 'kysely';

/** A ticket event that the outgoing webhook gave up; it waits for an operator. */
export interface WebhookEventRow {
  /** The id of its line in the history, which is its webhook-id. */
  id: string;
  seq: number;
  type: string;
  ticket_id: string;
  tries: number;
  /** Without credentials. */
  reason: string;
  parked_at: number;
  /** When an operator asked to send it again. */
  replay_at: number | null;
}

/** One row while the webhook's receiver wants no event any more (410). */
export interface WebhookOffTable {
  id: number;
  at: number;
  reason: string;
}

export interface TicketTable {
  id: string;
  activation_id: string;
  purchase_id: string | null;
  vin: string;
  customer_id: string | null;
  service_id: string;
  priority: 'HIGH' | 'MEDIUM';
  status: 'open' | 'closed';
  assigned_to: string | null;
  opened_at: number;
  /** SLA: a first response is due at this instant. */
  response_due_at: number;
  closed_at: number | null;
  /** JSON of every field of the specification's ticket table. */
  fields: string;
  /** JSON of the TicketWork: the truth; the columns after it are for look-ups. Null: opened before there was any. */
  work: Generated<string | null>;
  /** Where the work stands; `status` says only whether it is over. */
  state: Generated<string>;
  /** When a clock of the SLA has something to say. */
  due_at: Generated<number | null>;
  /** 1: late, and not done. */
  overdue: Generated<number>;
  /** Tickets of one cause may be one incident; null for causes that are the vehicle's own. */
  cause: Generated<string | null>;
  incident_id: Generated<string | null>;
  /** Compare-and-set. */
  version: Generated<number>;
}
export type TicketRow = Selectable<TicketTable>;
