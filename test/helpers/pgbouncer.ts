import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { unprivileged } from './postgres.ts';
import { until } from './until.ts';

/** A PgBouncer before the database of `url`, with its files in `folder`, that lends a connection for one transaction at a time. */
export async function startPgBouncer(
  folder: string,
  url: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  const { hostname, port, pathname } = new URL(url);
  const listenPort = await freePort();
  const user = unprivileged();
  const lines = [
    '[databases]',
    `db = host=${hostname} port=${port} dbname=${pathname.slice(1)} user=fleetwake`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listenPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 4',
  ];
  const configuration = join(folder, 'pgbouncer.ini');
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  const child = startChild('/usr/sbin/pgbouncer', [configuration], folder, user);
  await until(() => {
    if (child.process.exitCode !== null) throw new Error(`pgbouncer ended: ${child.output()}`);
    return child.output().includes('process up');
  }, 'PgBouncer listens');
  return { url: `postgres://fleetwake@127.0.0.1:${listenPort}/db`, stop: () => child.stop('SIGINT') };
}
