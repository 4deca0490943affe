import { type Generated, sql } from 'kysely';
import type { Database } from '../../../shared/ports/database.ts';
import type { Account, EntryKind, IntentStatus } from './ledger-rules.ts';

/** The stand-in's own database. Instants are epoch milliseconds, truth is 0 or 1, amounts are minor units. */
export interface PaymentsStandInSchema {
  payment_intents: IntentRow;
  refunds: RefundRow;
  disputes: DisputeRow;
  ledger_entries: EntryRow;
  idempotency_keys: KeyRow;
}

export interface IntentRow {
  id: string;
  charge_id: string;
  amount: number;
  /** ISO 4217, lower case, as Stripe writes it. */
  currency: string;
  status: IntentStatus;
  refunded: number;
  method: string;
  capture_method: 'automatic' | 'manual';
  activation_id: string;
  /** `metadata[epoch]`, or empty. */
  epoch: string;
  /** JSON of all `metadata[…]`. */
  metadata: string;
  description: string;
  created_at: number;
  hold_expires_at: number | null;
  canceled_at: number | null;
  cancellation_reason: string | null;
  /** JSON of the decline that it last met, or null. */
  last_error: string | null;
}

export interface RefundRow {
  id: string;
  payment_intent: string;
  amount: number;
  status: 'succeeded' | 'failed' | 'pending';
  failure_reason: string | null;
  created_at: number;
  /** When a pending refund becomes succeeded; null for the others. */
  settles_at: number | null;
}

/** One a payment. */
export interface DisputeRow {
  id: string;
  payment_intent: string;
  reason: string;
  status: 'needs_response' | 'won' | 'lost';
  created_at: number;
}

export interface EntryRow {
  sequence: Generated<number>;
  at: number;
  kind: EntryKind;
  from_account: Account;
  to_account: Account;
  amount: number;
  currency: string;
  payment_intent: string;
  activation_id: string;
  key: string | null;
}

interface KeyRow {
  key: string;
  /** Path and digest of the parameters of the first request. */
  path: string;
  fingerprint: string;
  status: number;
  body: string;
  expires_at: number;
}

const tables = [
  `create table if not exists payment_intents (
    id text not null primary key, charge_id text not null, amount integer not null check (amount > 0),
    currency text not null, status text not null, refunded integer not null, method text not null,
    capture_method text not null, activation_id text not null, description text not null,
    created_at integer not null, hold_expires_at integer, canceled_at integer, cancellation_reason text,
    last_error text
  ) strict, without rowid`,
  'create index if not exists payment_intents_newest on payment_intents (created_at, id)',
  `create index if not exists payment_intents_held on payment_intents (hold_expires_at)
    where status = 'requires_capture'`,
  `create table if not exists refunds (
    id text not null primary key, payment_intent text not null references payment_intents (id),
    amount integer not null check (amount > 0), status text not null, failure_reason text,
    created_at integer not null, settles_at integer
  ) strict, without rowid`,
  `create table if not exists disputes (
    id text not null primary key, payment_intent text not null unique references payment_intents (id),
    reason text not null, status text not null, created_at integer not null
  ) strict, without rowid`,
  `create table if not exists ledger_entries (
    sequence integer not null primary key autoincrement, at integer not null, kind text not null,
    from_account text not null, to_account text not null check (to_account <> from_account),
    amount integer not null check (amount > 0), currency text not null,
    payment_intent text not null references payment_intents (id), activation_id text not null, key text
  ) strict`,
  'create index if not exists ledger_by_activation on ledger_entries (activation_id)',
  // One step of one request moves money once: the database itself refuses a second entry.
  `create unique index if not exists ledger_once on ledger_entries (payment_intent, kind)`,
  `create trigger if not exists ledger_no_update before update on ledger_entries
    begin select raise(abort, 'the ledger is append-only'); end`,
  `create trigger if not exists ledger_no_delete before delete on ledger_entries
    begin select raise(abort, 'the ledger is append-only'); end`,
  `create table if not exists idempotency_keys (
    key text not null primary key, path text not null, fingerprint text not null, status integer not null,
    body text not null, expires_at integer not null
  ) strict, without rowid`,
  'create index if not exists idempotency_keys_expiry on idempotency_keys (expires_at)',
];

const laterColumns = [
  ['epoch', ''],
  ['metadata', '{}'],
] as const;

/** Creates the tables where they are missing. SQLite only: the stand-in is a single process with a file of its own. */
export async function migratePaymentsStandIn(database: Database<PaymentsStandInSchema>): Promise<void> {
  await database.write(async (transaction) => {
    for (const table of tables) await sql.raw(table).execute(transaction);
    // Later than the table: files of older versions get them, too.
    for (const [name, fallback] of laterColumns) {
      const { rows } =
        await sql`select 1 from pragma_table_info('payment_intents') where name = ${name}`.execute(
          transaction,
        );
      if (rows.length > 0) continue;
      const column = `alter table payment_intents add column ${name} text not null default '${fallback}'`;
      await sql.raw(column).execute(transaction);
    }
  });
}
