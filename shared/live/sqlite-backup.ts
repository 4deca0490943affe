import { chmodSync } from 'node:fs';
import { BetterSqlite3 } from '../sql/better-sqlite3.ts';

/** All pages that are left, in one step: between two steps another process's commit would make SQLite begin again. */
const allPages = 0x7fffffff;

/** What a copy of a database says about itself. */
export interface SqliteFacts {
  /** Names of the steps of its schema, in order. */
  readonly migrations: readonly string[];
  /** The platform's name and epoch; null for another database, and for one that no engine has named yet. */
  readonly installation: { readonly name: string; readonly epoch: number } | null;
}

/** Copies a database as it is at one moment, while others read and write it, into a file that only its user can open. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new BetterSqlite3(from, { readonly: true, fileMustExist: true });
  try {
    source.pragma('busy_timeout = 10000');
    await source.backup(to, { progress: () => allPages });
  } finally {
    source.close();
  }
  chmodSync(to, 0o600);
  const copy = new BetterSqlite3(to);
  try {
    // One file: a copy in WAL mode would get two more beside it when it is looked at.
    copy.pragma('journal_mode = DELETE');
    const [check] = copy.pragma('quick_check') as { quick_check: string }[];
    if (check?.quick_check !== 'ok') throw new Error(`the copy of ${from} is damaged: ${check?.quick_check}`);
  } finally {
    copy.close();
  }
}

/** Reads what a database file says about itself. Throws where it is none. */
export function sqliteFacts(path: string): SqliteFacts {
  const database = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  try {
    const has = (table: string) =>
      database.prepare('select 1 from sqlite_schema where type = ? and name = ?').get('table', table) !==
      undefined;
    const names = has('migrations')
      ? (database.prepare('select name from migrations order by name').pluck().all() as string[])
      : [];
    const row = has('installation')
      ? (database.prepare('select name, epoch from installation').get() as SqliteFacts['installation'])
      : undefined;
    return { migrations: names, installation: row ?? null };
  } finally {
    database.close();
  }
}

/** Saves in a platform's database that it was restored: the engine compares it with the payment service before it works. */
export function stopRestored(path: string, now: number): void {
  const database = new BetterSqlite3(path, { fileMustExist: true });
  try {
    database.prepare('update installation set stopped_at = ?, collected_at = null').run(now);
  } finally {
    database.close();
  }
}
