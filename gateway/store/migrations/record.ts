import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createRecord(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** The webhook reads the record in its order, as every reader of it does (record-reader.ts). */
export async function dropRecordOfTickets(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`drop index record_of_tickets`.execute(database);
}
