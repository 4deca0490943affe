import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { type Postgres, startPostgres } from '../helpers/postgres.ts';
import { newTemporaryFolder, removeFolder } from '../helpers/temporary-folder.ts';
import { type ContractSchema, describeDatabase } from './database.ts';

describeDatabase('SQLite in memory', async () => ({
  open: () => openSqlite<ContractSchema>(':memory:'),
  isDurable: false,
  remove: async () => {},
}));

describeDatabase('SQLite in a file', async () => {
  const folder = await newTemporaryFolder();
  return {
    open: () => openSqlite<ContractSchema>(join(folder, 'contract.db')),
    isDurable: true,
    remove: () => removeFolder(folder),
  };
});

describe('PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.stop();
  });

  describeDatabase('PostgreSQL', async () => ({
    open: () => openPostgres<ContractSchema>(postgres.url),
    isDurable: true,
    async remove() {
      const client = new pg.Client(postgres.url);
      await client.connect();
      await client.query('drop table contract');
      await client.end();
    },
  }));

  it('gives up with a readable error when no server listens', async () => {
    const database = openPostgres<ContractSchema>('postgres://fleetwake@127.0.0.1:1/none');
    await expect(database.write(async () => {})).rejects.toThrow('ECONNREFUSED');
    await database.close();
  });
});
