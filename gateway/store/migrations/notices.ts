import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createNotices(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** The same table with an occasion in its key: support may ask a customer twice. SQLite cannot change a key in place. */
export async function addNoticeOccasion(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** See gateway/notifications/address-limit.ts. */
export async function addNoticeAddress(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`alter table notices add column address text`.execute(database);
  await sql`create index notices_by_address on notices (address, sent_at) where address is not null`.execute(
    database,
  );
}
