import { openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';

/** A SQLite file with its schema up to date. Rejects with a sentence when it cannot be used. */
export function preparedSqlite<Schema>(
  path: string,
  migrate: (database: Database<Schema>) => Promise<void>,
): Promise<Database<Schema>> {
  return prepared(() => openSqlite<Schema>(path), migrate, {
    name: `the database ${path}`,
    cure: 'restore it, or choose another folder with --data',
  });
}

/** PostgreSQL with its schema up to date. The sentence of a failure does not show the URL, which holds a password. */
export function preparedPostgres<Schema>(
  url: string,
  migrate: (database: Database<Schema>) => Promise<void>,
): Promise<Database<Schema>> {
  return prepared(() => openPostgres<Schema>(url), migrate, {
    name: 'the PostgreSQL of --database-url',
    cure: 'start it, or correct --database-url (DATABASE_URL)',
  });
}

async function prepared<Schema>(
  open: () => Database<Schema>,
  migrate: (database: Database<Schema>) => Promise<void>,
  words: { readonly name: string; readonly cure: string },
): Promise<Database<Schema>> {
  let database: Database<Schema> | null = null;
  try {
    database = open();
    await migrate(database);
    return database;
  } catch (error) {
    await database?.close();
    throw new Error(`${words.name} cannot be used (${reasonOf(error)}): ${words.cure}`, { cause: error });
  }
}

/** Node leaves the message empty where every address of a host refused. */
function reasonOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  return message || code || String(error);
}
