import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createPurchases(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** What the platform API lists by, so that a page costs the same however long the history is. */
export async function createLookUps(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index purchases_by_time on purchases (created_at, id)`.execute(database);
  await sql`create index purchases_by_vehicle on purchases (vin, created_at, id)`.execute(database);
  await sql`create index activations_by_phase on activations (phase, requested_at, id)`.execute(database);
  await sql`create index activations_unsettled on activations (settlement, id)
    where settlement in ('uncollectible', 'unsettled')`.execute(database);
}

/** What customers own ends: see gateway/entitlement/. */
export async function addServiceLife(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table entitlements add column end_cause text`.execute(database);
  await sql`create index entitlements_due on entitlements (valid_until, id)
    where ended_at is null and valid_until is not null`.execute(database);
  await sql`create index entitlements_by_purchase on entitlements (purchase_id, valid_from, id)`.execute(
    database,
  );
}

/** One status more: SQLite cannot change a check in place, so the column is made anew under its name. */
export async function addCancelledStatus(database: Kysely<PlatformSchema>): Promise<void> {
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
