import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

/** What the payment service reports by itself: see gateway/disputes/. */
export async function addDisputes(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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
