import { join } from 'node:path';
import pg from 'pg';
import type { GatewayConfig } from '../../gateway/config.ts';
import { BetterSqlite3 } from '../../shared/sql/better-sqlite3.ts';

/** What payments, platform and vehicles each say of the same purchases, counted by plain SQL. */
export interface OwnCount {
  /** Purchases whose payment was captured and not refunded in full. */
  readonly paid: number;
  /** Entitlements by a purchase that last. */
  readonly owned: number;
  /** Of these, features that the vehicle reports as active. */
  readonly reportedActive: number;
  /** Sentences; empty where the three agree. */
  readonly faults: readonly string[];
}

interface Bought {
  readonly id: string;
  readonly vin: string;
  readonly feature: string;
  readonly activation_id: string;
}

interface Owned {
  readonly vin: string;
  readonly feature: string;
  readonly ended_at: number | null;
}

/** Counts by reading the ledger of the payment service, the platform's database and the vehicles' reported features. */
export async function ownCount(config: GatewayConfig): Promise<OwnCount> {
  const kept = keptPayments(join(config.data, 'payments.db'));
  const purchases = await rowsOf<Bought>(
    config.databaseUrl?.reveal() ?? '',
    'select id, vin, feature, activation_id from purchases',
  );
  const entitlements = await rowsOf<Owned>(
    config.databaseUrl?.reveal() ?? '',
    `select vin, feature, ended_at from entitlements where source = 'purchase'`,
  );
  const twins = await rowsOf<{ vin: string; reported: string | null }>(
    config.apiIotDatabaseUrl?.reveal() ?? '',
    'select vin, reported from twins',
  );
  const active = new Set(
    twins.flatMap(({ vin, reported }) =>
      (JSON.parse(reported ?? '[]') as { feature: string; state: string }[])
        .filter(({ state }) => state === 'active')
        .map(({ feature }) => `${vin} ${feature}`),
    ),
  );
  // A renewal continues the entitlement that is there: both purchases have one.
  const of = ({ vin, feature }: { readonly vin: string; readonly feature: string }) => `${vin} ${feature}`;
  const paid = purchases.filter((row) => kept.has(row.activation_id));
  const paidFor = new Set(paid.map(of));
  const everOwned = new Set(entitlements.map(of));
  const owned = entitlements.filter((row) => row.ended_at === null);
  return {
    paid: paid.length,
    owned: owned.length,
    reportedActive: owned.filter((row) => active.has(of(row))).length,
    faults: [
      ...paid
        .filter((row) => !everOwned.has(of(row)))
        .map((row) => `${row.id} is paid, and nothing is owned`),
      ...owned
        .filter((row) => !paidFor.has(of(row)))
        .map((row) => `${of(row)} is owned, and nothing is paid`),
      ...owned
        .filter((row) => !active.has(of(row)))
        .map((row) => `${of(row)} is owned, and the vehicle does not report it as active`),
    ],
  };
}

/** Activations of whose payment the merchant keeps something. */
function keptPayments(file: string): Set<string> {
  const database = new BetterSqlite3(file, { readonly: true });
  try {
    const rows = database
      .prepare(
        `select activation_id as id from ledger_entries group by activation_id
         having sum(case when to_account = 'merchant' then amount else 0 end)
              > sum(case when from_account = 'merchant' then amount else 0 end)`,
      )
      .all() as { id: string }[];
    return new Set(rows.map(({ id }) => id));
  } finally {
    database.close();
  }
}

async function rowsOf<Row>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}
