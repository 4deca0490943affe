import { type Kysely, sql } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';
import { sqlWords } from '../sql/migration.ts';
import type { PlatformSchema } from './schema.ts';

/** Error text of the database for such a write. */
const refusal = 'the record is append-only: add a line that says what changed';

/**
 * Lines of the record are added, and never changed or removed: the database itself refuses it. One exception:
 * within the transaction that erases a customer's personal data, `data` of that customer's lines, and nothing else of them, may
 * be changed (docs/personal-data.md). Retention removes lines that have reached their age by the same way: `letRetentionPrune`.
 */
export async function makeRecordAppendOnly(
  database: Kysely<PlatformSchema>,
  dialect: Database<PlatformSchema>['dialect'],
): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  await sql`create table erasures (
    customer_id text not null primary key references customers (id),
    begun_at ${long} not null,
    ended_at ${long}
  ) ${keyed}`.execute(database);
  if (dialect === 'sqlite') await addSqliteTriggers(database);
  else await addPostgresTriggers(database);
}

const holdsByTransfer = ' or p.holder_id = e.customer_id';

/** The same for the lines of a purchase whose vehicle was transferred: those of its holder's time are the holder's. */
export async function letHoldersErase(
  database: Kysely<PlatformSchema>,
  dialect: Database<PlatformSchema>['dialect'],
): Promise<void> {
  const holds = holdsByTransfer;
  if (dialect === 'postgres') return createPostgresRefusal(database, { holds });
  await sql`drop trigger record_update`.execute(database);
  await createSqliteUpdateTrigger(database, holds);
}

/** Lines before an instant may be removed within a transaction that names it in `pruning` (gateway/retention/). */
export async function letRetentionPrune(
  database: Kysely<PlatformSchema>,
  dialect: Database<PlatformSchema>['dialect'],
): Promise<void> {
  const isPruned = `exists (select 1 from pruning where name = 'record' and value >= old.at)`;
  if (dialect === 'postgres')
    return createPostgresRefusal(database, { holds: holdsByTransfer, prunes: isPruned });
  await sql`drop trigger record_delete`.execute(database);
  await sql`create trigger record_delete before delete on record
    when not ${sql.raw(isPruned)} ${refuse}`.execute(database);
}

const refuse = sql.raw(`begin select raise(abort, '${refusal}'); end`);

/** `or` widens whose erasure may change a line. */
async function createSqliteUpdateTrigger(database: Kysely<PlatformSchema>, or = ''): Promise<void> {
  await sql`create trigger record_update before update on record when not (
    new.seq is old.seq and new.id is old.id and new.purchase_id is old.purchase_id
    and new.activation_id is old.activation_id and new.at is old.at and new.type is old.type and new.actor is old.actor
    and exists (select 1 from erasures e join purchases p on p.customer_id = e.customer_id${sql.raw(or)}
      where e.ended_at is null and p.id = old.purchase_id)) ${refuse}`.execute(database);
}

async function addSqliteTriggers(database: Kysely<PlatformSchema>): Promise<void> {
  await createSqliteUpdateTrigger(database);
  await sql`create trigger record_delete before delete on record ${refuse}`.execute(database);
  // "insert or replace" removes the line that is in its way without asking the trigger above.
  await sql`create trigger record_insert before insert on record
    when exists (select 1 from record where id = new.id or seq = new.seq) ${refuse}`.execute(database);
}

/** `holds` widens whose erasure may change a line, `prunes` says which lines may be removed. */
async function createPostgresRefusal(
  database: Kysely<PlatformSchema>,
  { holds = '', prunes = 'false' }: { readonly holds?: string; readonly prunes?: string } = {},
): Promise<void> {
  await sql`create or replace function refuse_record_change() returns trigger language plpgsql as ${sql.raw(`$$
  begin
    if tg_op = 'UPDATE' then
      if (new.seq, new.id, new.at, new.type, new.actor) = (old.seq, old.id, old.at, old.type, old.actor)
        and new.purchase_id is not distinct from old.purchase_id
        and new.activation_id is not distinct from old.activation_id
        and exists (select 1 from erasures e join purchases p on p.customer_id = e.customer_id${holds}
          where e.ended_at is null and p.id = old.purchase_id) then
        return new;
      end if;
    end if;
    if tg_op = 'DELETE' then
      if ${prunes} then
        return old;
      end if;
    end if;
    raise exception '${refusal}';
  end $$`)}`.execute(database);
}

async function addPostgresTriggers(database: Kysely<PlatformSchema>): Promise<void> {
  await createPostgresRefusal(database);
  await sql`create trigger record_change before update or delete on record
    for each row execute function refuse_record_change()`.execute(database);
  await sql`create trigger record_truncate before truncate on record
    for each statement execute function refuse_record_change()`.execute(database);
}
