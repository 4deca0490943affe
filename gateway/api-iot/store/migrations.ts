import { type Kysely, sql } from 'kysely';
import type { Database } from '../../../shared/ports/database.ts';
import { createIdempotencyTable } from '../../http/idempotency-store.ts';
import { createPruningTable } from '../../retention/pruning-table.ts';
import { type Migration, migrate, sqlWords } from '../../sql/migration.ts';
import { positionOf } from '../telemetry-sample.ts';
import type { ApiIotSchema } from './schema.ts';

type Dialect = Database<ApiIotSchema>['dialect'];

async function createVehicleTables(database: Kysely<ApiIotSchema>, dialect: Dialect): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  await sql`create table vehicles (
    vin text not null primary key,
    model text not null,
    credential_digest text not null
  ) ${keyed}`.execute(database);
  await sql`create table twins (
    vin text not null primary key references vehicles (vin),
    online ${long} not null check (online in (0, 1)),
    last_seen_at ${long},
    clock_skew_ms ${long},
    model text,
    firmware text,
    reported text
  ) ${keyed}`.execute(database);
  await sql`create table telemetry (
    vin text not null primary key references vehicles (vin),
    signals text not null,
    at ${long} not null,
    clock_skew_ms ${long} not null
  ) ${keyed}`.execute(database);
  await sql`create table desired_features (
    vin text not null references vehicles (vin),
    feature text not null,
    state text not null check (state in ('active', 'dormant')),
    version ${long} not null,
    primary key (vin, feature)
  ) ${keyed}`.execute(database);
}

async function createCommandTables(database: Kysely<ApiIotSchema>, dialect: Dialect): Promise<void> {
  const { long, strict, keyed } = sqlWords(dialect);
  await sql`create table commands (
    id text not null primary key,
    vin text not null references vehicles (vin),
    client_id text not null,
    reference text not null,
    key text,
    state text not null check (state in ('accepted', 'applied', 'rejected', 'failed', 'expired', 'timed_out')),
    features text not null,
    display text,
    callback_url text,
    traceparent text,
    accepted_at ${long} not null,
    expires_at ${long} not null,
    ended_at ${long},
    results text,
    late ${long} not null check (late in (0, 1)),
    clock ${long}
  ) ${strict}`.execute(database);
  // The quota's count and the history both walk one vehicle's commands by time.
  await sql`create index commands_by_vehicle on commands (vin, accepted_at, id)`.execute(database);
  await sql`create index commands_waiting on commands (expires_at) where state = 'accepted'`.execute(
    database,
  );
  await sql`create index commands_waiting_by_vehicle on commands (vin) where state = 'accepted'`.execute(
    database,
  );
  await sql`create table callbacks (
    id text not null primary key,
    url text not null,
    body text not null,
    traceparent text,
    failures ${long} not null,
    due_at ${long} not null
  ) ${keyed}`.execute(database);
  await sql`create index callbacks_due on callbacks (due_at)`.execute(database);
}

/** Callbacks that are given up stay, apart from those that are due. */
async function addParkedCallbacks(database: Kysely<ApiIotSchema>, dialect: Dialect): Promise<void> {
  const { long } = sqlWords(dialect);
  await sql`alter table callbacks add column parked_at ${long}`.execute(database);
  await sql`alter table callbacks add column last_error text`.execute(database);
  await sql`drop index callbacks_due`.execute(database);
  await sql`create index callbacks_waiting on callbacks (due_at, id) where parked_at is null`.execute(
    database,
  );
  await sql`create index callbacks_parked on callbacks (parked_at) where parked_at is not null`.execute(
    database,
  );
}

/** Who registers a vehicle, for those who are refused it. */
async function addRegisteredBy(database: Kysely<ApiIotSchema>): Promise<void> {
  await sql`alter table vehicles add column registered_by text`.execute(database);
}

/** Where each vehicle is, what it reported in the last hour, and when it was connected. */
async function addVehicleHistory(database: Kysely<ApiIotSchema>, dialect: Dialect): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  const degrees = degreesOf(dialect);
  await sql`alter table telemetry add column latitude ${degrees}`.execute(database);
  await sql`alter table telemetry add column longitude ${degrees}`.execute(database);
  await fillPositions(database);
  await sql`create table telemetry_samples (
    vin text not null references vehicles (vin),
    slot ${long} not null,
    at ${long} not null,
    signals text not null,
    primary key (vin, slot)
  ) ${keyed}`.execute(database);
  await sql`create table connections (
    vin text not null references vehicles (vin),
    n ${long} not null,
    at ${long} not null,
    online ${long} not null check (online in (0, 1)),
    reason text not null,
    primary key (vin, n)
  ) ${keyed}`.execute(database);
}

/** Which processes share the database. */
async function addProcesses(database: Kysely<ApiIotSchema>, dialect: Dialect): Promise<void> {
  const { long, keyed } = sqlWords(dialect);
  await sql`create table processes (
    shard ${long} not null primary key,
    shards ${long} not null,
    owner text not null,
    beat ${long} not null
  ) ${keyed}`.execute(database);
}

/** Of what the vehicles reported before: one that is offline reports nothing new. */
async function fillPositions(database: Kysely<ApiIotSchema>): Promise<void> {
  for (let last = ''; ; ) {
    const rows = await database
      .selectFrom('telemetry')
      .select(['vin', 'signals'])
      .where('vin', '>', last)
      .orderBy('vin')
      .limit(positionRowsMax)
      .execute();
    for (const { vin, signals } of rows) {
      const position = positionOf(JSON.parse(signals));
      if (position.latitude === null) continue;
      await database.updateTable('telemetry').set(position).where('vin', '=', vin).execute();
    }
    const next = rows.at(-1);
    if (next === undefined) return;
    last = next.vin;
  }
}

/** Rows that the migration reads at once. */
const positionRowsMax = 500;

function degreesOf(dialect: Dialect) {
  return sql.raw(dialect === 'sqlite' ? 'real' : 'double precision');
}

/** In order; a released one never changes. */
export const apiIotMigrations: readonly Migration<ApiIotSchema>[] = [
  { name: '001-vehicles', up: createVehicleTables },
  { name: '002-commands', up: createCommandTables },
  { name: '003-idempotency-keys', up: createIdempotencyTable },
  { name: '004-parked-callbacks', up: addParkedCallbacks },
  { name: '005-registered-by', up: addRegisteredBy },
  { name: '006-vehicle-history', up: addVehicleHistory },
  { name: '007-pruning', up: createPruningTable },
  { name: '008-processes', up: addProcesses },
];

/** Brings the API IoT's database to this version's schema; harmless when it is there already. */
export function migrateApiIot(database: Database<ApiIotSchema>): Promise<void> {
  return migrate(database, apiIotMigrations);
}
