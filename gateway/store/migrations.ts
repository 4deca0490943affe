import { type Kysely, sql } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';
import { createIdempotencyTable } from '../http/idempotency-store.ts';
import { type Migration, migrate, sqlWords } from '../sql/migration.ts';
import { letHoldersErase, makeRecordAppendOnly } from './record-triggers.ts';
import type { PlatformSchema } from './schema.ts';

type Dialect = Database<PlatformSchema>['dialect'];

async function createRegisters(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  await sql`create table customers (
    id text not null primary key,
    name text not null,
    email text not null,
    language text not null,
    push_subscription text,
    created_at ${long} not null
  ) ${keyed}`.execute(database);
  await sql`create table vehicles (
    vin text not null primary key,
    model text not null,
    model_name text not null,
    customer_id text references customers (id),
    registered_at ${long} not null
  ) ${keyed}`.execute(database);
}

async function createPurchases(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table purchases (
    id text not null primary key,
    customer_id text not null references customers (id),
    vin text not null references vehicles (vin),
    service_id text not null,
    service_name text not null,
    feature text not null,
    duration text not null,
    amount_minor ${long} not null check (amount_minor >= 0),
    currency text not null,
    capture text not null check (capture in ('on_delivery', 'immediately')),
    pre_delivery ${long} not null check (pre_delivery in (0, 1)),
    activation_id text not null unique,
    status text not null check (status in ('pending', 'active', 'failed', 'declined', 'payment_failed')),
    created_at ${long} not null
  ) ${strict}`.execute(database);
  await sql`create index purchases_by_customer on purchases (customer_id, created_at, id)`.execute(database);
  await sql`create index purchases_payment_failed on purchases (id) where status = 'payment_failed'`.execute(
    database,
  );
  await sql`create table entitlements (
    id text not null primary key,
    vin text not null references vehicles (vin),
    feature text not null,
    service_id text not null,
    customer_id text not null references customers (id),
    purchase_id text references purchases (id),
    source text not null check (source in ('purchase', 'goodwill')),
    valid_from ${long} not null,
    valid_until ${long},
    ended_at ${long}
  ) ${strict}`.execute(database);
  await sql`create index entitlements_by_feature on entitlements (vin, feature) where ended_at is null`.execute(
    database,
  );
}

async function createActivations(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table activations (
    id text not null primary key,
    purchase_id text references purchases (id),
    parent_id text references activations (id),
    vin text not null references vehicles (vin),
    service_id text not null,
    feature text not null,
    kind text not null check (kind in ('activation', 'deactivation', 'revocation')),
    phase text not null,
    settlement text,
    priority ${long} not null,
    state text not null,
    version ${long} not null,
    due_at ${long},
    requested_at ${long} not null,
    ended_at ${long}
  ) ${strict}`.execute(database);
  // One service, one vehicle, one open activation (DESIGN.md section 9.3): two purchases that race cannot both get in.
  await sql`create unique index activations_open on activations (vin, feature)
    where kind = 'activation' and ended_at is null`.execute(database);
  await sql`create index activations_due on activations (due_at) where due_at is not null`.execute(database);
  await sql`create index activations_by_vehicle on activations (vin) where ended_at is null`.execute(
    database,
  );
  await sql`create index activations_by_time on activations (requested_at, id)`.execute(database);
  await sql`create index activations_by_parent on activations (parent_id) where parent_id is not null`.execute(
    database,
  );
}

async function createRecord(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict, serial, keyed } = sqlWords(dialect);
  await sql`create table record (
    seq ${serial},
    id text not null unique,
    purchase_id text,
    activation_id text,
    at ${long} not null,
    type text not null,
    actor text not null,
    data text not null
  ) ${strict}`.execute(database);
  await sql`create index record_by_purchase on record (purchase_id, seq)`.execute(database);
  await sql`create index record_by_activation on record (activation_id, seq)`.execute(database);
  await sql`create table cursors (name text not null primary key, seq ${long} not null) ${keyed}`.execute(
    database,
  );
}

async function createNotices(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table notices (
    id text not null primary key,
    purchase_id text not null references purchases (id),
    activation_id text not null references activations (id),
    customer_id text not null references customers (id),
    kind text not null,
    channel text not null check (channel in ('email', 'push')),
    data text not null,
    status text not null check (status in ('waiting', 'sent', 'dead')),
    tries ${long} not null,
    due_at ${long},
    claimed_until ${long},
    created_at ${long} not null,
    sent_at ${long},
    last_error text,
    unique (activation_id, kind, channel)
  ) ${strict}`.execute(database);
  await sql`create index notices_due on notices (channel, due_at) where status = 'waiting'`.execute(database);
  await sql`create index notices_dead on notices (created_at, id) where status = 'dead'`.execute(database);
}

async function createTickets(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** What the platform API lists by, so that a page costs the same however long the history is. */
async function createLookUps(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index purchases_by_time on purchases (created_at, id)`.execute(database);
  await sql`create index purchases_by_vehicle on purchases (vin, created_at, id)`.execute(database);
  await sql`create index activations_by_phase on activations (phase, requested_at, id)`.execute(database);
  await sql`create index activations_unsettled on activations (settlement, id)
    where settlement in ('uncollectible', 'unsettled')`.execute(database);
}

/** The support desk works on tickets: see gateway/support/ticket-work.ts. */
async function addTicketWork(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** The same table with an occasion in its key: support may ask a customer twice. SQLite cannot change a key in place. */
async function addNoticeOccasion(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`alter table notices rename to notices_before`.execute(database);
  await sql`drop index notices_due`.execute(database);
  await sql`drop index notices_dead`.execute(database);
  await sql`create table notices (
    id text not null primary key,
    purchase_id text not null references purchases (id),
    activation_id text not null references activations (id),
    customer_id text not null references customers (id),
    kind text not null,
    channel text not null check (channel in ('email', 'push')),
    data text not null,
    status text not null check (status in ('waiting', 'sent', 'dead')),
    tries ${long} not null,
    due_at ${long},
    claimed_until ${long},
    created_at ${long} not null,
    sent_at ${long},
    last_error text,
    occasion text not null default '',
    unique (activation_id, kind, channel, occasion)
  ) ${strict}`.execute(database);
  await sql`insert into notices select id, purchase_id, activation_id, customer_id, kind, channel, data, status, tries,
    due_at, claimed_until, created_at, sent_at, last_error, '' from notices_before`.execute(database);
  await sql`drop table notices_before`.execute(database);
  await sql`create index notices_due on notices (channel, due_at) where status = 'waiting'`.execute(database);
  await sql`create index notices_dead on notices (created_at, id) where status = 'dead'`.execute(database);
}

/** The webhook reads the record in its order, as every reader of it does (record-reader.ts). */
async function dropRecordOfTickets(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`drop index record_of_tickets`.execute(database);
}

/** What customers own ends: see gateway/entitlement/. */
async function addServiceLife(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table entitlements add column end_cause text`.execute(database);
  await sql`create index entitlements_due on entitlements (valid_until, id)
    where ended_at is null and valid_until is not null`.execute(database);
  await sql`create index entitlements_by_purchase on entitlements (purchase_id, valid_from, id)`.execute(
    database,
  );
}

/** One status more: SQLite cannot change a check in place, so the column is made anew under its name. */
async function addCancelledStatus(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table purchases add column status_next text not null default 'pending'
    check (status_next in ('pending', 'active', 'failed', 'cancelled', 'declined', 'payment_failed'))`.execute(
    database,
  );
  await sql`update purchases set status_next = status`.execute(database);
  await sql`drop index purchases_payment_failed`.execute(database);
  await sql`alter table purchases drop column status`.execute(database);
  await sql`alter table purchases rename column status_next to status`.execute(database);
  await sql`create index purchases_payment_failed on purchases (id) where status = 'payment_failed'`.execute(
    database,
  );
}

/** Reconciliation asks what of a vehicle is a technician's case. */
async function addTicketsByVehicle(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index tickets_by_vehicle on tickets (vin) where status = 'open'`.execute(database);
}

/** A customer's activations are found by their purchases. */
async function addActivationsByPurchase(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index activations_by_purchase on activations (purchase_id) where purchase_id is not null`.execute(
    database,
  );
}

/** The desk asks for the tickets of one vehicle in the order of its lists; reconciliation finds the open ones there as well. */
async function orderTicketsOfVehicle(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`drop index tickets_by_vehicle`.execute(database);
  await sql`create index tickets_by_vehicle on tickets (vin, status, priority, opened_at, id)`.execute(
    database,
  );
}

/** See gateway/platform/erasure.ts. */
async function addErasedCustomers(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long } = sqlWords(dialect);
  await sql`alter table customers add column erased_at ${long}`.execute(database);
}

/** What the operator's actions need: see gateway/support/webhook-store.ts and gateway/notifications/dead-notification.ts. */
async function addParkedWork(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** Reconciliation counts what it sent for one feature: see gateway/entitlement/contradiction.ts. */
async function addActivationsOfFeature(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index activations_of_reconciliation on activations (vin, feature, ended_at)
    where priority = 1 and ended_at is not null`.execute(database);
}

/** See gateway/entitlement/transfer.ts. */
async function addTransfers(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long } = sqlWords(dialect);
  await sql`alter table vehicles add column last_owner_id text`.execute(database);
  await sql`update vehicles set last_owner_id = customer_id`.execute(database);
  await sql`alter table purchases add column holder_id text`.execute(database);
  await sql`alter table purchases add column transferred_at ${long}`.execute(database);
  await sql`create index purchases_by_holder on purchases (holder_id) where holder_id is not null`.execute(
    database,
  );
  await letHoldersErase(database, dialect);
}

/** How an older database is recognised after a restore: see gateway/restore/. */
async function addRestores(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table installation (
    id ${long} not null primary key check (id = 1),
    name text not null,
    epoch ${long} not null,
    stopped_at ${long},
    collected_at ${long}
  ) ${strict}`.execute(database);
  await sql`create table restore_findings (
    id text not null primary key,
    kind text not null,
    data text not null,
    decision text,
    decided_by text,
    decided_at ${long}
  ) ${strict}`.execute(database);
}

/** See gateway/notifications/address-limit.ts. */
async function addNoticeAddress(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table notices add column address text`.execute(database);
  await sql`create index notices_by_address on notices (address, sent_at) where address is not null`.execute(
    database,
  );
}

/** Notifications show instants in the customer's time zone. */
async function addTimeZones(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table customers add column time_zone text`.execute(database);
}

/** What the payment service reports by itself: see gateway/disputes/. */
async function addDisputes(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table disputes (
    id text not null primary key,
    payment_id text not null,
    activation_id text not null,
    purchase_id text,
    amount_minor ${long} not null,
    currency text not null,
    reason text not null,
    status text not null check (status in ('open', 'won', 'lost', 'collected', 'written_off')),
    opened_at ${long} not null,
    settle_by ${long} not null,
    closed_at ${long}
  ) ${strict}`.execute(database);
  await sql`create index disputes_by_activation on disputes (activation_id)`.execute(database);
  await sql`create index disputes_open on disputes (activation_id) where status in ('open', 'lost')`.execute(
    database,
  );
  await sql`create table payment_events (id text not null primary key, at ${long} not null) ${strict}`.execute(
    database,
  );
}

/** See gateway/store/incidents.ts. */
async function addIncidents(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long, strict } = sqlWords(dialect);
  await sql`create table incidents (
    id text not null primary key,
    cause text not null,
    calls ${long} not null,
    closes_by text not null check (closes_by in ('any', 'configure')),
    opened_at ${long} not null,
    probe_at ${long} not null,
    closed_at ${long},
    closed_by text
  ) ${strict}`.execute(database);
  // Two processes that open one at the same moment: one of them is refused, and follows the other's.
  await sql`create unique index incidents_open on incidents ((closed_at is null)) where closed_at is null`.execute(
    database,
  );
  await sql`create index incidents_in_order on incidents (opened_at, id)`.execute(database);
}

/** In order; a released one never changes. */
export const platformMigrations: readonly Migration<PlatformSchema>[] = [
  { name: '001-registers', up: createRegisters },
  { name: '002-purchases', up: createPurchases },
  { name: '003-activations', up: createActivations },
  { name: '004-record', up: createRecord },
  { name: '005-notices', up: createNotices },
  { name: '006-tickets', up: createTickets },
  { name: '007-idempotency-keys', up: createIdempotencyTable },
  { name: '008-look-ups', up: createLookUps },
  { name: '009-ticket-work', up: addTicketWork },
  { name: '010-notice-occasions', up: addNoticeOccasion },
  { name: '011-record-in-order', up: dropRecordOfTickets },
  { name: '012-service-life', up: addServiceLife },
  { name: '013-cancelled-purchases', up: addCancelledStatus },
  { name: '014-tickets-by-vehicle', up: addTicketsByVehicle },
  { name: '015-activations-by-purchase', up: addActivationsByPurchase },
  { name: '016-append-only-record', up: makeRecordAppendOnly },
  { name: '017-erased-customers', up: addErasedCustomers },
  { name: '018-tickets-of-vehicle-in-order', up: orderTicketsOfVehicle },
  { name: '019-parked-work', up: addParkedWork },
  { name: '020-activations-of-reconciliation', up: addActivationsOfFeature },
  { name: '021-transfers', up: addTransfers },
  { name: '022-restores', up: addRestores },
  { name: '023-notice-addresses', up: addNoticeAddress },
  { name: '024-time-zones', up: addTimeZones },
  { name: '025-disputes', up: addDisputes },
  { name: '026-incidents', up: addIncidents },
];

/** Brings the platform's database to this version's schema; harmless when it is there already. */
export function migratePlatform(database: Database<PlatformSchema>): Promise<void> {
  return migrate(database, platformMigrations);
}
