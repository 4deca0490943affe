import type { Command } from 'commander';
import { BackupRefused, type Manifest, makeBackup } from '../../gateway/live/backup.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { exitCodes, UsageError } from './exit.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { productVersions } from './product-version.ts';

type BackupFlags = Readonly<Record<string, unknown>> & { readonly json?: true };

/** `fleetwake backup FOLDER`: copies databases and secrets of a gateway that may run meanwhile. */
export function addBackup(program: Command): void {
  const command = program
    .command('backup')
    .argument('<folder>', 'new folder for the backup')
    .description('copy the databases and secrets of a gateway, which may run meanwhile, into a new folder')
    .option('--json', 'print the manifest as one JSON line');
  withGatewayOptions(command, ['data', 'databaseUrl', 'apiIotDatabaseUrl'], {
    data: { help: 'data folder of the gateway' },
  }).action(async (folder: string, flags: BackupFlags) => {
    process.exitCode = await backUp(folder, flags);
  });
}

async function backUp(folder: string, flags: BackupFlags): Promise<number> {
  const { data, databaseUrl, apiIotDatabaseUrl } = gatewayConfig(flags, process.env);
  const inPostgres = [
    ...(databaseUrl === null ? [] : (['platform.db'] as const)),
    ...(apiIotDatabaseUrl === null ? [] : (['api-iot.db'] as const)),
  ];
  const manifest = await refusedAsUsage(() =>
    makeBackup({ data, folder, inPostgres }, { now: new Date(), versions: productVersions() }),
  );
  process.stdout.write(flags.json ? `${JSON.stringify(manifest)}\n` : `${folder}: ${filesText(manifest)}\n`);
  const missing = [
    ...(databaseUrl === null ? [] : ['pg_dump --format=custom "$DATABASE_URL"']),
    ...(apiIotDatabaseUrl === null ? [] : ['pg_dump --format=custom "$API_IOT_DATABASE_URL"']),
  ];
  if (missing.length > 0)
    process.stderr.write(
      `fleetwake: what is in PostgreSQL is not in the backup: save it with ${missing.join(' and ')}\n`,
    );
  return exitCodes.ok;
}

/** Returns `platform.db, api-iot.db, keys.json`, with the epoch where there is one. */
export function filesText({ files, installation }: Manifest): string {
  const names = files.map(({ name }) => name).join(', ');
  return installation === null ? names : `${names}; epoch ${installation.epoch}`;
}

/** Runs what may be refused, and turns the refusal into an error of the call. */
export async function refusedAsUsage<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackupRefused) throw new UsageError(error.message);
    throw new UsageError(`${fileErrorText(error)}: check the folders and the space on their disk`);
  }
}
