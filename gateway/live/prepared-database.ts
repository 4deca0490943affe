import { wallClock } from '../../shared/live/clock.ts';
import { checkIsolation, isInterrupted, openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { SchemaUnknown } from '../sql/migration.ts';

/** A restart takes seconds, recovery after a crash may take longer. */
const restartMaxMs = 30_000;
const restartPauseMs = 250;

/** A SQLite file with its schema up to date. Rejects with a sentence when it cannot be used. */
export function preparedSqlite<Schema>(
  path: string,
  migrate: (database: Database<Schema>) => Promise<void>,
): Promise<Database<Schema>> {
  return prepared(() => openSqlite<Schema>(path), migrate, {
    name: `the database ${path}`,
    fix: 'restore it, or choose another folder with --data',
    // The errors of SQLite name their file as well.
    shown: (reason) => reason.replace(`${path}: `, ''),
  });
}

/**
 * PostgreSQL with its schema up to date and its transactions proven serializable. One that is being restarted is waited for, up to 30 s. The
 * sentence of a failure does not show the URL, which holds a password.
 */
export function preparedPostgres<Schema>(
  url: string,
  migrate: (database: Database<Schema>) => Promise<void>,
  log: Log,
  option: { readonly flag: string; readonly environment: string },
): Promise<Database<Schema>> {
  const migrateWhenUp = (database: Database<Schema>) =>
    whenUp(log, async () => {
      await checkIsolation(database);
      await migrate(database);
    });
  return prepared(() => openPostgres<Schema>(url, log), migrateWhenUp, {
    name: `the PostgreSQL of --${option.flag}`,
    fix: `start it, or correct --${option.flag} (${option.environment})`,
    shown: (reason) => reason,
  });
}

/** Only a server that answered once, if only to say that it starts or stops, is waited for: another address may be wrong. */
async function whenUp(log: Log, work: () => Promise<void>): Promise<void> {
  const deadlineAt = performance.now() + restartMaxMs;
  let hasAnswered = false;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      hasAnswered ||= isInterrupted(error);
      const isRefused = (error as { code?: string }).code === 'ECONNREFUSED';
      const mayPass = isInterrupted(error) || (hasAnswered && isRefused);
      if (!mayPass || performance.now() > deadlineAt) throw error;
      log.warn('database.not_ready', { reason: reasonOf(error) });
      await sleep(wallClock, restartPauseMs);
    }
  }
}

async function prepared<Schema>(
  open: () => Database<Schema>,
  migrate: (database: Database<Schema>) => Promise<void>,
  words: { readonly name: string; readonly fix: string; readonly shown: (reason: string) => string },
): Promise<Database<Schema>> {
  let database: Database<Schema> | null = null;
  try {
    database = open();
    await migrate(database);
    return database;
  } catch (error) {
    await database?.close().catch(() => {});
    const fix = error instanceof SchemaUnknown ? error.fix : words.fix;
    throw new Error(`${words.name} cannot be used (${words.shown(reasonOf(error))}): ${fix}`, {
      cause: error,
    });
  }
}

/** Node leaves the message empty where every address of a host refused. */
function reasonOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  return message || code || String(error);
}
