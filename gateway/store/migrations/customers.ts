import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import { letHoldersErase } from '../record-triggers.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createRegisters(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** See gateway/platform/erasure.ts. */
export async function addErasedCustomers(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
  const { long } = sqlWords(dialect);
  await sql`alter table customers add column erased_at ${long}`.execute(database);
}

/** See gateway/entitlement/transfer.ts. */
export async function addTransfers(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** Notifications show instants in the customer's time zone. */
export async function addTimeZones(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table customers add column time_zone text`.execute(database);
}
