import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { mosquittoAcl } from '../../gateway/broker/mosquitto-acl.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openApiIotDatabase } from '../../gateway/live/api-iot-database.ts';
import { mosquittoPassword } from '../../shared/live/mosquitto-password.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { readPasswords } from '../live/demo-fleet.ts';
import { exitCodes, UsageError } from './exit.ts';
import { knownKeys } from './known-keys.ts';
import { textOfNamedFile } from './named-file.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { collect } from './set-option.ts';

interface AccountsFlags extends Readonly<Record<string, unknown>> {
  readonly out: string;
  readonly accounts?: readonly string[];
  readonly json?: true;
}

/** Passwords by user name. */
type Passwords = ReadonlyMap<string, string>;

/** Names of the files, as docs/mosquitto/mosquitto.conf has them. */
const files = { passwords: 'fleetwake.passwd', acl: 'fleetwake.acl' };
const namedMax = 10;

/** `fleetwake mosquitto-accounts`: the accounts and access rules of an installation, as files of Mosquitto. */
export function addMosquittoAccounts(program: Command): void {
  const command = program
    .command('mosquitto-accounts')
    .description('write the accounts and access rules of the registered vehicles as files of Mosquitto')
    .requiredOption(
      '--out <folder>',
      `folder for ${files.passwords} and ${files.acl}; made where it is missing`,
    )
    .option(
      '--accounts <file>',
      'passwords of vehicles that you play yourself, as "fleetwake register --json" printed them; repeatable',
      collect,
    )
    .option('--json', 'print what was written as one JSON line');
  withGatewayOptions(command, ['data', 'apiIotDatabaseUrl'], {
    data: { help: 'data folder of the gateway whose API IoT has registered the vehicles' },
  }).action(async (flags: AccountsFlags) => {
    process.exitCode = await writeAccounts(flags);
  });
}

async function writeAccounts(flags: AccountsFlags): Promise<number> {
  const config = gatewayConfig(flags, process.env);
  const { data } = config;
  const keys = await knownKeys(data);
  const known = new Map([
    ...Object.entries(await readPasswords(join(data, 'fleet.json'))),
    ...(flags.accounts ?? []).flatMap(printedAccounts),
  ]);
  const { vehicles, unknown } = matched(await registeredDigests(config), known);
  const services: Passwords = new Map([
    ['api-iot', keys.brokerServicePassword],
    ['monitor', keys.brokerMonitorPassword],
  ]);
  const lines = [...services, ...vehicles].map(
    ([name, password]) => `${name}:${mosquittoPassword(password)}\n`,
  );
  const paths = write(flags.out, { passwords: lines.join(''), acl: mosquittoAcl });
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ ...paths, vehicles: vehicles.size, services: [...services.keys()], unknown })}\n`
      : `${paths.passwords} and ${paths.acl}: ${vehicles.size} vehicles, ${[...services.keys()].join(', ')}\n`,
  );
  if (unknown.length === 0) return exitCodes.ok;
  const more = unknown.length > namedMax ? ` and ${unknown.length - namedMax} more` : '';
  process.stderr.write(
    `fleetwake: no account for ${unknown.slice(0, namedMax).join(', ')}${more}: only the digests of their passwords are kept. Give what "fleetwake register --json" printed with --accounts, or register them again with --replace\n`,
  );
  return exitCodes.failed;
}

/** The digest of each registered vehicle's password, by VIN. */
async function registeredDigests(
  config: Pick<GatewayConfig, 'data' | 'apiIotDatabaseUrl'>,
): Promise<Passwords> {
  const { data, apiIotDatabaseUrl } = config;
  if (apiIotDatabaseUrl === null && !existsSync(join(data, 'api-iot.db'))) {
    throw new UsageError(
      `there is no api-iot.db in ${data}: give the data folder of the gateway whose API IoT has registered the vehicles with --data, or its API_IOT_DATABASE_URL`,
    );
  }
  const database = openApiIotDatabase(config);
  try {
    const rows = await database.reader
      .selectFrom('vehicles')
      .select(['vin', 'credential_digest'])
      .orderBy('vin')
      .execute();
    return new Map(rows.map((row) => [row.vin, row.credential_digest]));
  } catch (error) {
    if (apiIotDatabaseUrl === null) throw error;
    const { message, code } = error as Error & { readonly code?: string };
    throw new UsageError(
      `the PostgreSQL of --api-iot-database-url cannot be read (${message || code}): start it, or correct --api-iot-database-url (API_IOT_DATABASE_URL)`,
    );
  } finally {
    await database.close();
  }
}

/** Which registered vehicles have their password here; a password that was replaced since is none. */
function matched(digests: Passwords, known: Passwords) {
  const vehicles = new Map<string, string>();
  const unknown: string[] = [];
  for (const [vin, digest] of digests) {
    const password = known.get(vin);
    if (password !== undefined && systemSecrets.digest(password) === digest) vehicles.set(vin, password);
    else unknown.push(vin);
  }
  return { vehicles, unknown };
}

/** What `register --json` printed: one JSON object per line. */
function printedAccounts(path: string): (readonly [vin: string, password: string])[] {
  const hint = 'give what "fleetwake register --json" printed';
  const lines = textOfNamedFile(path, hint).split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const account = accountOf(line);
    if (account === null)
      throw new UsageError(`${path}:${index + 1}: no JSON object with vin and password; ${hint}`);
    return [account];
  });
}

function accountOf(line: string): readonly [vin: string, password: string] | null {
  try {
    const { vin, password } = JSON.parse(line) as { readonly vin?: unknown; readonly password?: unknown };
    return typeof vin === 'string' && typeof password === 'string' ? [vin, password] : null;
  } catch {
    return null;
  }
}

/** Writes both files, each at once: a broker that reads them again never sees a half of one. */
function write(folder: string, texts: Readonly<Record<keyof typeof files, string>>) {
  const paths = { passwords: join(folder, files.passwords), acl: join(folder, files.acl) };
  try {
    mkdirSync(folder, { recursive: true });
    for (const kind of ['passwords', 'acl'] as const) {
      const aside = `${paths[kind]}.new`;
      rmSync(aside, { force: true });
      writeFileSync(aside, texts[kind], { mode: 0o600 });
      keepOwner(paths[kind], aside);
      renameSync(aside, paths[kind]);
    }
    return paths;
  } catch (error) {
    throw new UsageError(`--out ${folder}: ${fileErrorText(error)}; give another folder`);
  }
}

/** A file that was given to the user of Mosquitto stays readable for it. */
function keepOwner(before: string, after: string): void {
  const stats = statSync(before, { throwIfNoEntry: false });
  if (stats === undefined) return;
  chmodSync(after, stats.mode & 0o777);
  if (stats.uid !== statSync(after).uid || stats.gid !== statSync(after).gid)
    chownSync(after, stats.uid, stats.gid);
}
