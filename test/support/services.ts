import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the live tests start for themselves, and Debian's package of it. */
const programs: Readonly<Record<string, string>> = {
  'nats-server': 'nats-server',
  mosquitto: 'mosquitto',
  mosquitto_sub: 'mosquitto-clients',
};

function isOnPath(program: string): boolean {
  // Debian puts mosquitto into sbin, which is not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Vitest's global set-up: installs what is missing where that needs no question, and says what to do where it does. */
export default function ensureServices(): void {
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
