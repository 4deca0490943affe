import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** Names the folder in which the tests' shared PostgreSQL lies; the global set-up sets it and stops what was started there. */
export const postgresFolderVariable = 'FLEETWAKE_TEST_POSTGRES';

export interface Postgres {
  readonly url: string;
  /** Removes the database, and ends the server where it is this test's own. */
  stop(): Promise<void>;
}

/** A server of one test, which it may kill and restart. */
export interface PostgresServer extends Postgres {
  readonly port: number;
  readonly folder: string;
  /** The postmaster's process id now. */
  pid(): number;
  /** `pg_ctl restart`; resolves when it takes connections again. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Kills the postmaster; its backends find this and end by themselves. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A new, empty database on the server that all tests of a run share. */
export async function startPostgres(): Promise<Postgres> {
  const port = await sharedServerPort();
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2)}`;
  await query(urlOf(port, 'postgres'), `create database ${name}`);
  return {
    url: urlOf(port, name),
    stop: () => query(urlOf(port, 'postgres'), `drop database ${name} with (force)`),
  };
}

/** Runs `work` with the URL of a new, empty database, and removes it afterwards. */
export async function withPostgres<T>(work: (url: string) => Promise<T>): Promise<T> {
  const postgres = await startPostgres();
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
  }
}

/** A server of its own in `folder`, for tests that end it. */
export async function startPostgresServer(folder: string): Promise<PostgresServer> {
  const data = makeCluster(folder);
  const port = await freePort();
  let child: Child | null = null;
  const start = async () => {
    child = startPostmaster(folder, port);
    await whenReady(child);
  };
  await start();
  const pid = () => child?.process.pid ?? 0;
  return {
    url: urlOf(port, 'postgres'),
    port,
    folder,
    pid,
    start,
    async restart(mode) {
      await child?.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await start();
    },
    async kill() {
      await child?.stop('SIGKILL');
      // Until its last backend is gone a new postmaster would refuse the folder.
      await until(() => !hasBackends(data), 'the backends of the killed postmaster are gone');
    },
    stop: async () => child?.stop('SIGINT'),
  };
}

/** Ends the server that the tests of a run shared, if one was started. */
export function stopSharedPostgres(folder: string): void {
  const [, pgCtl] = programs();
  if (existsSync(join(folder, 'data', 'postmaster.pid'))) {
    execFileSync(pgCtl, ['stop', '-D', join(folder, 'data'), '-m', 'immediate'], {
      ...unprivileged(),
      cwd: '/',
      stdio: 'ignore',
    });
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Started by the first test that needs it, because most runs of a few files need none. */
async function sharedServerPort(): Promise<number> {
  const folder = process.env[postgresFolderVariable];
  if (folder === undefined)
    throw new Error(`${postgresFolderVariable} is not set: run the tests with vitest`);
  const portFile = join(folder, 'port');
  const read = () => (existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0);
  if (read() > 0) return read();
  try {
    mkdirSync(join(folder, 'starting'));
  } catch {
    await until(() => read() > 0, 'another test starts the shared PostgreSQL');
    return read();
  }
  const data = makeCluster(folder);
  const port = await freePort();
  const [, pgCtl] = programs();
  const log = join(data, 'server.log');
  execFileSync(
    pgCtl,
    [
      'start',
      '-w',
      '-D',
      data,
      '-l',
      log,
      '-o',
      serverOptions(port)
        .map((option) => option || "''")
        .join(' '),
    ],
    { ...unprivileged(), cwd: '/', stdio: 'ignore' },
  );
  writeFileSync(portFile, `${port}`);
  return port;
}

function makeCluster(folder: string): string {
  const [, , initdb] = programs();
  const user = unprivileged();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  const data = join(folder, 'data');
  const settings = ['-D', data, '-U', 'fleetwake', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  execFileSync(initdb, settings, { ...user, cwd: folder, stdio: 'pipe' });
  return data;
}

const serverOptions = (port: number) => ['-p', `${port}`, '-h', '127.0.0.1', '-k', '', '-F'];

function startPostmaster(folder: string, port: number): Child {
  const [postgres] = programs();
  return startChild(postgres, ['-D', join(folder, 'data'), ...serverOptions(port)], folder, unprivileged());
}

function whenReady(child: Child): Promise<void> {
  return until(() => {
    if (child.process.exitCode !== null) throw new Error(`postgres ended: ${child.output()}`);
    return child.output().includes('ready to accept connections');
  }, 'PostgreSQL is ready');
}

function hasBackends(data: string): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('postgres: ') && cwdOf(name) === data;
    } catch {
      return false;
    }
  });
}

function cwdOf(pid: string): string {
  return execFileSync('readlink', [`/proc/${pid}/cwd`])
    .toString()
    .trim();
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text);
  await client.end();
}

const urlOf = (port: number, name: string) => `postgres://fleetwake@127.0.0.1:${port}/${name}`;

export function hasPostgres(): boolean {
  return findProgram('initdb') !== null;
}

function programs(): readonly [postgres: string, pgCtl: string, initdb: string] {
  const found = ['postgres', 'pg_ctl', 'initdb'].map(findProgram);
  if (found.includes(null)) throw new Error('PostgreSQL is not installed: run "apt-get install postgresql"');
  return found as [string, string, string];
}

function findProgram(name: string): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const folders = [...versions, ...(process.env.PATH ?? '').split(':')];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** PostgreSQL and PgBouncer refuse to run as root: the user that they run as instead, or nothing where we are not root. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const number = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());
      return { uid: number('-u'), gid: number('-g') };
    } catch {}
  }
  return {};
}
