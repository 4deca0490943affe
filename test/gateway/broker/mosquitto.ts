import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../../../shared/live/processes.ts';
import { monitor, passwordOf, service, vinA, vinB } from '../../helpers/broker-under-test.ts';
import { freePort } from '../../helpers/free-port.ts';
import { until } from '../../helpers/until.ts';

const documented = new URL('../../../docs/mosquitto/', import.meta.url);

const standardAccounts: readonly (readonly [name: string, password: string])[] = [
  [vinA, passwordOf(vinA)],
  [vinB, passwordOf(vinB)],
  [service.username, service.password],
  [monitor.username, monitor.password],
];

/** A Mosquitto that runs. */
export interface RunningMosquitto {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything that it wrote to standard error. */
  readonly said: () => string;
}

/** Runs Mosquitto with the documented files, paths and port put in; stops it and removes its data afterwards. */
export async function withMosquitto(
  work: (url: string) => Promise<void>,
  accounts = standardAccounts,
  change: (configuration: string) => string = (text) => text,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetwake-mosquitto-'));
  const [passwords, acl] = [join(folder, 'passwd'), join(folder, 'acl')];
  writeFileSync(passwords, accounts.map(([name, password]) => `${name}:${password}\n`).join(''));
  execFileSync((await findOnPath('mosquitto_passwd')) ?? 'mosquitto_passwd', ['-U', passwords]);
  writeFileSync(acl, readFileSync(new URL('acl.conf', documented)));
  for (const file of [passwords, acl]) chmodSync(file, 0o644);
  try {
    await runMosquitto({ folder, passwords, acl, change }, ({ url }) => work(url));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs Mosquitto with the documented configuration on these files, its data in `folder`, and stops it afterwards. */
export async function runMosquitto(
  files: {
    readonly folder: string;
    readonly passwords: string;
    readonly acl: string;
    readonly change?: (configuration: string) => string;
  },
  work: (broker: RunningMosquitto) => Promise<void>,
): Promise<void> {
  const { folder, passwords, acl, change = (text) => text } = files;
  const port = await freePort();
  const configuration = join(folder, 'conf');
  const text = readFileSync(new URL('mosquitto.conf', documented), 'utf8')
    .replace('listener 1883', `listener ${port}`)
    .replace('/etc/mosquitto/fleetwake.passwd', passwords)
    .replace('/etc/mosquitto/fleetwake.acl', acl)
    .replace('/var/lib/mosquitto/', `${folder}/`);
  writeFileSync(configuration, change(text));
  // Started by root, Mosquitto continues as its own user, who must read the files and write the folder.
  chmodSync(folder, 0o777);
  chmodSync(configuration, 0o644);

  const said: string[] = [];
  // Debian keeps it in a folder that not every PATH names.
  const program = (await findOnPath('mosquitto')) ?? 'mosquitto';
  const broker = spawn(program, ['-c', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  broker.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  try {
    await until(() => said.join('').includes(' running') || broker.exitCode !== null, 'Mosquitto runs');
    if (broker.exitCode !== null) throw new Error(`Mosquitto ended at once: ${said.join('')}`);
    await work({ url: `mqtt://127.0.0.1:${port}`, process: broker, said: () => said.join('') });
  } finally {
    await stop(broker);
  }
}

function stop(broker: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (broker.exitCode !== null) return resolve();
    broker.once('exit', () => resolve());
    broker.kill('SIGTERM');
  });
}
