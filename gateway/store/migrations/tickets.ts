import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createTickets(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table tickets (
    id text not null primary key,
    activation_id text not null unique references activations (id),
    purchase_id text references purchases (id),
    vin text not null,
    customer_id text,
    service_id text not null,
    priority text not null check (priority in ('HIGH', 'MEDIUM')),
    status text not null check (status in ('open', 'closed')),
    assigned_to text,
    opened_at ${long} not null,
    response_due_at ${long} not null,
    closed_at ${long},
    fields text not null
  ) ${strict}`.execute(database);
  await sql`create index tickets_by_status on tickets (status, priority, opened_at, id)`.execute(database);
  await sql`create index tickets_by_priority on tickets (priority, opened_at, id)`.execute(database);
}

/** The support desk works on tickets: see gateway/support/ticket-work.ts. */
export async function addTicketWork(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long } = sqlWords(dialect);
  for (const column of [
    sql`work text`,
    sql`state text not null default 'open'`,
    sql`due_at ${long}`,
    sql`overdue ${long} not null default 0`,
    sql`cause text`,
    sql`incident_id text`,
    sql`version ${long} not null default 1`,
  ])
    await sql`alter table tickets add column ${column}`.execute(database);
  await sql`update tickets set state = case
    when status = 'closed' then 'closed' when assigned_to is null then 'open' else 'assigned' end`.execute(
    database,
  );
  await sql`update tickets set due_at = response_due_at where status = 'open'`.execute(database);
  await sql`create index tickets_due on tickets (due_at) where due_at is not null`.execute(database);
  await sql`create index tickets_by_state on tickets (status, state, priority, opened_at, id)`.execute(
    database,
  );
  await sql`create index tickets_by_assignee on tickets (status, assigned_to, priority, opened_at, id)`.execute(
    database,
  );
  await sql`create index tickets_overdue on tickets (priority, opened_at, id) where overdue = 1`.execute(
    database,
  );
  await sql`create index tickets_by_cause on tickets (cause, opened_at) where cause is not null`.execute(
    database,
  );
  await sql`create index tickets_by_incident on tickets (incident_id, priority, opened_at, id)
    where incident_id is not null`.execute(database);
  // What the webhook reads: a ticket's lines are few among many.
  await sql`create index record_of_tickets on record (seq) where type like 'ticket.%'`.execute(database);
}

/** Reconciliation asks what of a vehicle is a technician's case. */
export async function addTicketsByVehicle(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index tickets_by_vehicle on tickets (vin) where status = 'open'`.execute(database);
}

/** The desk asks for the tickets of one vehicle in the order of its lists; reconciliation finds the open ones there as well. */
export async function orderTicketsOfVehicle(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`drop index tickets_by_vehicle`.execute(database);
  await sql`create index tickets_by_vehicle on tickets (vin, status, priority, opened_at, id)`.execute(
    database,
  );
}

/** What the operator's actions need: see gateway/support/webhook-store.ts and gateway/notifications/dead-notification.ts. */
export async function addParkedWork(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table webhook_events (
    id text not null primary key,
    seq ${long} not null unique,
    type text not null,
    ticket_id text not null,
    tries ${long} not null,
    reason text not null,
    parked_at ${long} not null,
    replay_at ${long}
  ) ${strict}`.execute(database);
  await sql`create index webhook_events_to_replay on webhook_events (replay_at, seq)
    where replay_at is not null`.execute(database);
  await sql`create table webhook_off (
    id ${long} not null primary key check (id = 1),
    at ${long} not null,
    reason text not null
  ) ${strict}`.execute(database);
  await sql`alter table notices add column dropped_at ${long}`.execute(database);
}
