import { type Kysely, sql } from 'kysely';
import { type Dialect, sqlWords } from '../../sql/migration.ts';
import type { PlatformSchema } from '../schema.ts';

export async function createActivations(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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
  // One service, one vehicle, one open activation (docs/platform-api.md): two purchases that race cannot both get in.
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

/** A customer's activations are found by their purchases. */
export async function addActivationsByPurchase(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index activations_by_purchase on activations (purchase_id) where purchase_id is not null`.execute(
    database,
  );
}

/** Reconciliation counts what it sent for one feature: see gateway/entitlement/contradiction.ts. */
export async function addActivationsOfFeature(database: Kysely<PlatformSchema>): Promise<void> {
  await sql`create index activations_of_reconciliation on activations (vin, feature, ended_at)
    where priority = 1 and ended_at is not null`.execute(database);
}

/** See gateway/store/incidents.ts. */
export async function addIncidents(database: Kysely<PlatformSchema>, dialect: Dialect): Promise<void> {
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

/** Who opened an incident, and why: an operator may pause the engine. */
export async function addPauses(database: Kysely<PlatformSchema>): Promise<void> {
  await database.schema.alterTable('incidents').addColumn('opened_by', 'text').execute();
  await database.schema.alterTable('incidents').addColumn('reason', 'text').execute();
}
