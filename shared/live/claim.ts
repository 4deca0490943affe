import { readFileSync, writeFileSync } from 'node:fs';
import { BetterSqlite3 } from '../sql/better-sqlite3.ts';
import { makeFilePrivate } from './private-files.ts';

/** `owner` is the process that has it, or null where that is not known (yet). */
export type Claim =
  | { readonly isOurs: true; release(): void }
  | { readonly isOurs: false; readonly owner: number | null };

/**
 * Claims `{path}.lock` for this process, until it releases it or ends, however that comes: the lock is the system's, by way of
 * SQLite, so nothing stale is left behind by `kill -9`, and no other process can be taken for the owner. Who has it stands in
 * `{path}.pid`. Throws a sentence when the file cannot be used.
 */
export function claim(path: string): Claim {
  const lock = opened(`${path}.lock`);
  try {
    // The write lock of a database that is never written.
    lock.exec('begin immediate');
    writeFileSync(`${path}.pid`, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    if (!((error as { code?: string }).code ?? '').startsWith('SQLITE_BUSY'))
      throw unusable(`${path}.lock`, error);
    return { isOurs: false, owner: ownerAt(`${path}.pid`) };
  }
  return { isOurs: true, release: () => lock.close() };
}

function opened(file: string) {
  try {
    makeFilePrivate(file);
    return new BetterSqlite3(file, { timeout: 0 });
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${file} cannot be locked (${reason}): make its folder writable, or choose another with --data`,
    { cause },
  );
}

function ownerAt(file: string): number | null {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}
