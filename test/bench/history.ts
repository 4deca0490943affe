import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { BetterSqlite3 } from '../../shared/sql/better-sqlite3.ts';

/** The tables that grow with every activation, with the columns that name it or must be unique. */
const platformTables: Readonly<Record<string, readonly string[]>> = {
  purchases: ['id', 'activation_id'],
  activations: ['id', 'purchase_id'],
  entitlements: ['id', 'purchase_id'],
  record: ['id', 'purchase_id', 'activation_id'],
  notices: ['id', 'purchase_id', 'activation_id'],
};
const apiIotTables: Readonly<Record<string, readonly string[]>> = { commands: ['id', 'reference', 'key'] };

/** How long ago the copies are: their subscriptions are over, and no quota counts them. */
const yearMs = 365 * 24 * 3_600_000;
const instants = new Set([
  'created_at',
  'requested_at',
  'ended_at',
  'sent_at',
  'at',
  'valid_from',
  'valid_until',
  'accepted_at',
  'expires_at',
]);

interface Column {
  readonly name: string;
  readonly pk: number;
}

/**
 * Copies every ended activation of a data folder, with all its rows, until there are `activations`: the same vehicles
 * and customers, a year ago. Nothing may run on the folder meanwhile.
 */
export function addHistory(folder: string, activations: number): void {
  const ended = fill(join(folder, 'platform.db'), platformTables, 'activations', activations);
  fill(join(folder, 'api-iot.db'), apiIotTables, 'commands', activations);
  if (ended < activations) throw new Error(`only ${ended} activations were made`);
}

function fill(
  path: string,
  tables: Readonly<Record<string, readonly string[]>>,
  counted: string,
  wanted: number,
): number {
  const database = new BetterSqlite3(path);
  try {
    database.pragma('synchronous = OFF');
    database.pragma('foreign_keys = OFF');
    database.pragma('temp_store = MEMORY');
    // Rows land all over the indices: in the standard 2 MB each of them would be read and written again.
    database.pragma('cache_size = -1000000');
    const count = () =>
      (database.prepare(`select count(*) as count from ${counted}`).get() as { count: number }).count;
    const copies = Math.ceil(wanted / count()) - 1;
    database.transaction(() => {
      for (const [table, names] of Object.entries(tables)) copyRows(database, table, names, copies);
      if (counted === 'activations') {
        database.exec(`insert into cursors values ('events', (select max(seq) from record))
          on conflict (name) do update set seq = excluded.seq`);
      }
    })();
    database.pragma('wal_checkpoint(TRUNCATE)');
    return count();
  } finally {
    database.close();
  }
}

function copyRows(database: Sqlite.Database, table: string, names: readonly string[], copies: number): void {
  const columns = (database.pragma(`table_info(${table})`) as Column[])
    .map(({ name }) => name)
    .filter((name) => name !== 'seq');
  const values = columns.map((name) => {
    if (names.includes(name)) return `t.${name} || '-' || n.n`;
    return instants.has(name) ? `t.${name} - ${yearMs}` : `t.${name}`;
  });
  database.exec(`with recursive n(n) as (select 1 union all select n + 1 from n where n < ${copies})
    insert into ${table} (${columns.join(', ')})
    select ${values.join(', ')} from n cross join (select * from ${table}) t`);
}
