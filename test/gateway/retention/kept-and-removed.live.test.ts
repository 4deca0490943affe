import { describe } from 'vitest';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { withPostgres } from '../../helpers/postgres.ts';
import { describeKeptAndRemoved } from './kept-and-removed.ts';

type Run = (database: Database<PlatformSchema>) => Promise<void>;

const closed = async (database: Database<PlatformSchema>, run: Run) => {
  try {
    await run(database);
  } finally {
    await database.close();
  }
};

describe('retention on SQLite', () => {
  describeKeptAndRemoved((run) => closed(openSqlite<PlatformSchema>(':memory:'), run));
});

describe('retention on PostgreSQL', () => {
  describeKeptAndRemoved((run) => withPostgres((url) => closed(openPostgres<PlatformSchema>(url), run)));
});
