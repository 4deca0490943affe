import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { hasPostgres, postgresFolderVariable, stopSharedPostgres } from './postgres.ts';

/** What the live tests start for themselves, and Debian's package of it. */
const programs: Readonly<Record<string, string>> = {
  'nats-server': 'nats-server',
  mosquitto: 'mosquitto',
  mosquitto_sub: 'mosquitto-clients',
  pgbouncer: 'pgbouncer',
  postgres: 'postgresql',
  'docker-compose': 'docker-compose',
  chromium: 'chromium',
  promtool: 'prometheus',
};

function isOnPath(program: string): boolean {
  // Debian keeps PostgreSQL's programs in a folder of their own.
  if (program === 'postgres') return hasPostgres();
  // Debian puts mosquitto into sbin, which is not on every user's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/**
 * Vitest's global set-up: installs what is missing where that needs no question, and says what to do where it does. What it returns stops
 * the PostgreSQL that tests started.
 */
export default function prepareServices(): () => void {
  installMissing();
  const folder = mkdtempSync(join(tmpdir(), 'fleetwake-postgres-'));
  process.env[postgresFolderVariable] = folder;
  return () => stopSharedPostgres(folder);
}

function installMissing(): void {
  const missing = Object.keys(programs).filter((program) => !isOnPath(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program] ?? program))];
  const command = `apt-get install -y ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`the live tests need ${missing.join(', ')}: run "${command}" as root`);
  }
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  process.stderr.write(`installing ${packages.join(', ')} for the live tests\n`);
  execFileSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
