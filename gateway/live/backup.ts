import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { copySqlite, type SqliteFacts, sqliteFacts } from '../../shared/live/sqlite-backup.ts';
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

function fileOf(folder: string, name: string): BackupFile {
  const bytes = readFileSync(join(folder, name));
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function isEmpty(folder: string): boolean {
  return !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);
}

function requireEmpty(folder: string, what: string): void {
  if (!isEmpty(folder))
    throw new BackupRefused(`${folder} is not an empty folder: name a new one for ${what}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  requireEmpty(folder, 'the backup');
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
  writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  return manifest;
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

/** Puts a backup into an empty data folder. Checks everything before it writes anything. Throws `BackupRefused`. */
export function restoreBackup(folder: string, data: string): Manifest {
  const manifest = readManifest(folder);
  check(folder, manifest);
  requireEmpty(data, 'the data, with --data');
  for (const { name } of manifest.files) {
    copyFileSync(join(folder, name), join(data, name));
    chmodSync(join(data, name), 0o600);
  }
  return manifest;
}
