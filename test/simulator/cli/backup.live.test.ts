import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { type Manifest, makeBackup } from '../../../gateway/live/backup.ts';
import { nameInstallation } from '../../../gateway/restore/installation.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { sized } from '../../helpers/proofs.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess, writeSecrets } from './command-in-process.ts';

interface Installed {
  readonly data: string;
  readonly folder: string;
  readonly platform: Database<PlatformSchema>;
}

/** A data folder with both databases open, as a gateway has them. */
const withInstallation = (run: (installed: Installed) => Promise<void>) =>
  withTemporaryFolder(async (root) => {
    const data = join(root, 'data');
    mkdirSync(data);
    await writeSecrets(data);
    const platform = openSqlite<PlatformSchema>(join(data, 'platform.db'));
    const apiIot = openSqlite<ApiIotSchema>(join(data, 'api-iot.db'));
    try {
      await migratePlatform(platform);
      await migrateApiIot(apiIot);
      await platform.write((transaction) => nameInstallation(transaction, 'ins_1'));
      await run({ data, folder: join(root, 'backup'), platform });
    } finally {
      await platform.close();
      await apiIot.close();
    }
  });

const linesIn = async (path: string) => {
  const database = openSqlite<PlatformSchema>(path);
  const rows = await database.reader
    .selectFrom('record')
    .select(['id', 'purchase_id'])
    .orderBy('seq')
    .execute();
  await database.close();
  return rows;
};

describe('fleetwake backup and restore', () => {
  it('copies a data folder that is written to, each commit whole or not at all, and puts it into an empty folder', () =>
    withInstallation(async ({ data, folder, platform }) => {
      let isOver: boolean = false;
      let commits = 0;
      const writing = (async () => {
        while (!isOver) {
          commits += 1;
          const pair = `pur_${commits}`;
          await platform.write(async (transaction) => {
            for (const half of ['a', 'b'])
              await sql`insert into record (id, purchase_id, at, type, actor, data)
                values (${`${pair}${half}`}, ${pair}, 1, 't', 'engine', ${'x'.repeat(2_000)})`.execute(
                transaction,
              );
          });
        }
      })();
      const { error, stdout } = await inProcess(['backup', folder, '--data', data, '--json']);
      isOver = true;
      await writing;
      expect(error).toBeNull();
      const manifest = JSON.parse(stdout) as Manifest;
      expect(manifest.files.map(({ name }) => name)).toEqual(['platform.db', 'api-iot.db', 'keys.json']);
      expect(manifest.installation).toEqual({ name: 'ins_1', epoch: 1 });
      for (const name of ['platform.db', 'api-iot.db', 'keys.json', 'backup.json'])
        expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);

      const empty = join(folder, '..', 'empty');
      const restored = await inProcess(['restore', folder, '--data', empty]);
      expect([restored.error, restored.stdout]).toEqual([
        null,
        `${empty}: platform.db, api-iot.db, keys.json; epoch 1, of ${manifest.createdAt}\n`,
      ]);
      expect(readFileSync(join(empty, 'keys.json'))).toEqual(readFileSync(join(data, 'keys.json')));
      const rows = await linesIn(join(empty, 'platform.db'));
      expect(rows.length % 2).toBe(0);
      expect(rows.map(({ id }) => id)).toEqual(
        Array.from({ length: rows.length / 2 }, (_, index) => [
          `pur_${index + 1}a`,
          `pur_${index + 1}b`,
        ]).flat(),
      );
    }));

  it('refuses a folder that is not empty, a file that has changed and a newer schema, and writes nothing then', () =>
    withInstallation(async ({ data, folder, platform }) => {
      const empty = join(folder, '..', 'empty');
      const restore = async (into = empty) => (await inProcess(['restore', folder, '--data', into])).error;
      expect((await inProcess(['backup', folder, '--data', data])).error).toBeNull();
      expect((await inProcess(['backup', folder, '--data', data])).error).toBe(
        `${folder} is not an empty folder: name a new one for the backup`,
      );
      expect(await restore(data)).toBe(
        `${data} is not an empty folder: name a new one for the data, with --data`,
      );
      const keys = readFileSync(join(folder, 'keys.json'));
      writeFileSync(join(folder, 'keys.json'), '{"a":"b"}');
      expect(await restore()).toBe(
        `${join(folder, 'keys.json')} is not as it was written (its SHA-256 differs): take another backup`,
      );
      writeFileSync(join(folder, 'keys.json'), keys);
      await platform.write((transaction) =>
        sql`insert into migrations (name) values ('999-later')`.execute(transaction),
      );
      const newer = join(folder, '..', 'newer');
      expect((await inProcess(['backup', newer, '--data', data])).error).toBeNull();
      expect((await inProcess(['restore', newer, '--data', empty])).error).toBe(
        `${join(newer, 'platform.db')} is of a newer version (its schema has 999-later): restore it with the version that made it`,
      );
      expect(existsSync(empty)).toBe(false);
    }));

  it('closes a folder that was there for others, and lets one of two backups write to it', () =>
    withInstallation(async ({ data, folder }) => {
      mkdirSync(folder, { mode: 0o755 });
      const tries = await Promise.allSettled(
        [1, 2].map(() =>
          makeBackup({ data, folder, inPostgres: [] }, { now: new Date(0), versions: { fleetwake: '1' } }),
        ),
      );
      expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(readdirSync(folder).toSorted()).toEqual([
        'api-iot.db',
        'backup.json',
        'keys.json',
        'platform.db',
      ]);
    }));

  it('leaves out what is in PostgreSQL, and names pg_dump', () =>
    withInstallation(async ({ data, folder }) => {
      const postgres = 'postgres://127.0.0.1:1/x';
      const { error, stdout, stderr } = await inProcess([
        ...['backup', folder, '--data', data, '--database-url', postgres],
        ...['--api-iot-database-url', postgres],
      ]);
      expect([error, stdout, stderr]).toEqual([
        null,
        `${folder}: keys.json\n`,
        'fleetwake: what is in PostgreSQL is not in the backup: save it with pg_dump --format=custom "$DATABASE_URL" and pg_dump --format=custom "$API_IOT_DATABASE_URL"\n',
      ]);
    }));

  it('reads a database in parts, for it may have more than 2 GiB', () =>
    withInstallation(async ({ data, folder }) => {
      expect((await inProcess(['backup', folder, '--data', data])).error).toBeNull();
      // A hole: it needs no space on the disk.
      truncateSync(join(folder, 'platform.db'), sized(2 ** 22 + 1, 2 ** 31 + 1));
      const { error } = await inProcess(['restore', folder, '--data', join(folder, '..', 'empty')]);
      expect(error).toBe(
        `${join(folder, 'platform.db')} is not as it was written (its SHA-256 differs): take another backup`,
      );
    }));

  it('refuses a data folder without a database', () =>
    withInstallation(async ({ folder }) => {
      const secretsAlone = join(folder, '..', 'secrets');
      mkdirSync(secretsAlone);
      await writeSecrets(secretsAlone);
      expect((await inProcess(['backup', folder, '--data', secretsAlone])).error).toBe(
        `there is no database in ${secretsAlone}: if it is in PostgreSQL, give --database-url and --api-iot-database-url as the gateway has them`,
      );
      expect(existsSync(folder)).toBe(false);
    }));
});
