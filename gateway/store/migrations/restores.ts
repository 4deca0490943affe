import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

/** How an older database is recognised after a restore: see gateway/restore/. */
export async function addRestores(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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
