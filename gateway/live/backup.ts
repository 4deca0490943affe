import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { copySqlite, type SqliteFacts, sqliteFacts, stopRestored } from '../../shared/live/sqlite-backup.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { apiIotMigrations } from '../api-iot/store/migrations.ts';
import { platformMigrations } from '../store/migrations.ts';

/** Name of the file that says what a backup holds; it is written last. */
export const manifestName = 'backup.json';
const format = 1;

/**
 * The platform's database first: an API IoT that is a moment further than the platform has commands that the platform does not know,
 * which it ignores. The other way round the platform would ask for commands that are not there.
 */
const databases = { 'platform.db': platformMigrations, 'api-iot.db': apiIotMigrations } as const;
type DatabaseName = keyof typeof databases;
const keyFile = 'keys.json';

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: number;
  readonly createdAt: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly installation: SqliteFacts['installation'];
  readonly files: readonly BackupFile[];
}

/** A sentence that says what is wrong and how to fix it. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

/** In parts: Node reads no file of more than 2 GiB at once, and a database is larger. */
function fileOf(folder: string, name: string): BackupFile {
  const file = openSync(join(folder, name), 'r');
  try {
    const hash = createHash('sha256');
    const part = Buffer.allocUnsafe(1_048_576);
    let bytes = 0;
    for (let read = readSync(file, part); read > 0; read = readSync(file, part)) {
      hash.update(part.subarray(0, read));
      bytes += read;
    }
    return { name, bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

function isEmpty(folder: string): boolean {
  return !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);
}

function requireEmpty(folder: string, what: string): void {
  if (!isEmpty(folder))
    throw new BackupRefused(`${folder} is not an empty folder: name a new one for ${what}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // One that was there may be readable for others, and so would be what is copied into it.
  chmodSync(folder, 0o700);
}

/**
 * Copies databases and secrets of a data folder into a new folder, while the gateway runs. `inPostgres` names the databases that are not
 * in the data folder.
 */
export async function makeBackup(
  {
    data,
    folder,
    inPostgres,
  }: {
    readonly data: string;
    readonly folder: string;
    readonly inPostgres: readonly DatabaseName[];
  },
  { now, versions }: { readonly now: Date; readonly versions: Readonly<Record<string, string>> },
): Promise<Manifest> {
  const names = (Object.keys(databases) as DatabaseName[]).filter(
    (name) => !inPostgres.includes(name) && existsSync(join(data, name)),
  );
  if (!existsSync(join(data, keyFile)))
    throw new BackupRefused(`there is no ${keyFile} in ${data}: give the gateway's data folder with --data`);
  if (names.length === 0 && inPostgres.length === 0)
    throw new BackupRefused(
      `there is no database in ${data}: if it is in PostgreSQL, give --database-url and --api-iot-database-url as the gateway has them`,
    );
  requireEmpty(folder, 'the backup');
  const unfinished = join(folder, `${manifestName}.part`);
  takeFolder(unfinished, folder);
  for (const name of names) await copySqlite(join(data, name), join(folder, name));
  copyFileSync(join(data, keyFile), join(folder, keyFile));
  chmodSync(join(folder, keyFile), 0o600);
  const platform = names.includes('platform.db') ? sqliteFacts(join(folder, 'platform.db')) : null;
  const manifest: Manifest = {
    format,
    createdAt: now.toISOString(),
    versions,
    installation: platform?.installation ?? null,
    files: [...names, keyFile].map((name) => fileOf(folder, name)),
  };
  writeFileSync(unfinished, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(unfinished, join(folder, manifestName));
  return manifest;
}

/** The first file of a backup: of two that begin at the same moment, one is refused. */
function takeFolder(unfinished: string, folder: string): void {
  try {
    writeFileSync(unfinished, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new BackupRefused(`another backup is being written to ${folder}: name a new folder for the backup`);
  }
}

function readManifest(folder: string): Manifest {
  try {
    const manifest = parseJsonText(
      readFileSync(join(folder, manifestName), 'utf8'),
    ) as Partial<Manifest> | null;
    if (manifest?.format === format && Array.isArray(manifest.files)) return manifest as Manifest;
  } catch (error) {
    throw new BackupRefused(
      `${join(folder, manifestName)} cannot be read (${fileErrorText(error)}): name a folder that "fleetwake backup" has written to its end`,
    );
  }
  throw new BackupRefused(
    `${join(folder, manifestName)} is no manifest of this version: restore it with the version that made it`,
  );
}

/** Throws unless each file is as the manifest says, and this version knows each step of the schemas. */
function check(folder: string, manifest: Manifest): void {
  for (const { name, sha256 } of manifest.files) {
    const isKnown = name === keyFile || Object.hasOwn(databases, name);
    if (!isKnown) throw new BackupRefused(`${manifestName} names ${name}, which is no part of a backup`);
    if (!existsSync(join(folder, name)) || fileOf(folder, name).sha256 !== sha256)
      throw new BackupRefused(
        `${join(folder, name)} is not as it was written (its SHA-256 differs): take another backup`,
      );
    if (name === keyFile) continue;
    const known = new Set(databases[name as DatabaseName].map((migration) => migration.name));
    const newer = sqliteFacts(join(folder, name)).migrations.find((step) => !known.has(step));
    if (newer !== undefined)
      throw new BackupRefused(
        `${join(folder, name)} is of a newer version (its schema has ${newer}): restore it with the version that made it`,
      );
  }
}

/**
 * Puts a backup into an empty data folder, and marks its database as restored: the gateway compares it with the payment service before
 * it works. Checks everything before it writes anything. Throws `BackupRefused`.
 */
export function restoreBackup(folder: string, data: string, now: Date): Manifest {
  const manifest = readManifest(folder);
  check(folder, manifest);
  requireEmpty(data, 'the data, with --data');
  const partOf = (name: string) => join(data, `${name}.part`);
  for (const { name } of manifest.files) {
    copyFileSync(join(folder, name), partOf(name));
    chmodSync(partOf(name), 0o600);
    // A database that no engine has named has ordered no payment.
    if (name === 'platform.db' && manifest.installation !== null) stopRestored(partOf(name), now.getTime());
  }
  // A restore that broke off, on a full disk, leaves no database that a gateway would start with.
  for (const { name } of manifest.files) renameSync(partOf(name), join(data, name));
  return manifest;
}
