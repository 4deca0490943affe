import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface Postgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why no PostgreSQL can be started here, or null when one can. */
export function whyNoPostgres(): string | null {
  if (process.env.TEST_DATABASE_URL || findProgram('postgres')) return null;
  return 'no PostgreSQL here: install it, or set TEST_DATABASE_URL to an empty database';
}

/** An empty PostgreSQL: the one of TEST_DATABASE_URL, else one that is started in `folder` on a free port. */
export async function startPostgres(folder: string): Promise<Postgres> {
  if (process.env.TEST_DATABASE_URL) return { url: process.env.TEST_DATABASE_URL, stop: async () => {} };
  const [postgres, initdb] = [findProgram('postgres'), findProgram('initdb')];
  if (!postgres || !initdb) throw new Error(whyNoPostgres() ?? 'initdb is missing');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const settings = ['-D', data, '-U', 'fleetwake', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  execFileSync(initdb, settings, { ...(user ?? {}), cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  const options = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', '', '-F'];
  const child = startChild(postgres, options, folder, user ?? {});
  await until(() => {
    if (child.process.exitCode !== null) throw new Error(`postgres ended: ${child.output()}`);
    return child.output().includes('ready to accept connections');
  }, 'PostgreSQL is ready');
  return { url: `postgres://fleetwake@127.0.0.1:${port}/postgres`, stop: () => child.stop('SIGINT') };
}

function findProgram(name: string): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const folders = [...versions, ...(process.env.PATH ?? '').split(':')];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

function unprivilegedUser(): { uid: number; gid: number } | null {
  for (const name of ['postgres', 'nobody']) {
    try {
      const number = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());
      return { uid: number('-u'), gid: number('-g') };
    } catch {}
  }
  return null;
}
