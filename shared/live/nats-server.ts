import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../ports/log.ts';
import { makeFolder } from './folder.ts';
import { jetStreamFailure, storingFailure } from './nats-server-check.ts';
import {
  configurationFile,
  configurationText,
  ownerWords,
  passwordOf,
  portOf,
  serverUser,
} from './nats-server-files.ts';
import { findOnPath, isRunning, parentOf, processCommand } from './processes.ts';

/** On a machine that is busy with other work too. */
const readyMaxMs = 60_000;
/** A server that does not end politely is killed after this time. */
const stopMaxMs = 5_000;

/** Error of a missing `nats-server` on the PATH. The message names the fix. */
export class NatsServerMissing extends Error {
  override readonly name = 'NatsServerMissing';
}

export interface NatsServer {
  /** With user and password, for `openNatsBus`. Not to be logged. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process ended, however that came. */
  readonly exited: Promise<void>;
  /** Resolves with why it does not work: JetStream stores no message within this time, or the data folder is gone; null when it works. */
  check(timeoutMs: number): Promise<string | null>;
  /** The last lines that it wrote. */
  lastWords(): string;
  /** Ends it politely and resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

export interface NatsServerOptions {
  /** A name on the PATH, or a file; default `nats-server`. */
  readonly program?: string;
  /** Holds the configuration, the password (readable by this user alone) and the streams. */
  readonly dataFolder: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Of a server that is started again, for its clients know it; default: the data folder's, or a new one. */
  readonly password?: string;
  readonly log: Log;
}

/** Another process runs the server of this data folder. */
export class NatsFolderInUse extends Error {
  override readonly name = 'NatsFolderInUse';
}

/**
 * Starts `nats-server` from the PATH with JetStream, on 127.0.0.1 only, with a password of its own that stays the same
 * as long as the data folder does. Resolves when JetStream answers. It ends with this process, where the system can
 * arrange that; one that a killed process left behind on the same folder is ended first.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { program: wanted = 'nats-server', dataFolder, port = 0, log } = options;
  const program = await findOnPath(wanted);
  if (program === null) {
    throw new NatsServerMissing(
      `${wanted} is not installed: run "apt-get install nats-server", set NATS_URL to a running one, or start with --install`,
    );
  }
  await makeFolder(dataFolder);
  // One of an earlier version, or of a restored copy, may be open to others: streams and the password lie in it.
  await chmod(dataFolder, 0o700);
  await endLeftover(dataFolder, log);
  const password = await passwordOf(dataFolder, options.password);
  const configuration = join(dataFolder, configurationFile);
  await writeFile(configuration, configurationText(dataFolder, port, password), { mode: 0o600 });
  const child = await spawnServer(program, configuration);
  const output = outputOf(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void exited.then(() => process.removeListener('exit', killWithUs));
  try {
    const address = await whenReady(child, dataFolder, password, output, port);
    log.info('nats.started', { port: address.port, pid: child.pid });
    const end = (signal: NodeJS.Signals) => endChild(child, exited, signal);
    return {
      ...address,
      pid: child.pid ?? 0,
      exited,
      check: (timeoutMs) => storingFailure(dataFolder, { port: address.port, password, timeoutMs }),
      lastWords: () => output().split('\n').slice(-3).join(' | '),
      stop: () => end('SIGTERM'),
      kill: () => end('SIGKILL'),
    };
  } catch (error) {
    await endChild(child, exited, 'SIGKILL');
    throw error;
  }
}

/** The address, with its password, of the server that runs on a data folder; rejects when none does. */
export async function natsServerUrl(dataFolder: string): Promise<string> {
  const pid = Number(await readFile(join(dataFolder, 'nats-server.pid'), 'utf8').catch(() => '0'));
  const port = pid > 0 ? await portOf(dataFolder, pid) : null;
  if (port === null) throw new Error(`no nats-server runs on ${dataFolder}`);
  return `nats://${serverUser}:${await passwordOf(dataFolder)}@127.0.0.1:${port}`;
}

/** Installs Debian's package. Only root may; anyone else gets a sentence. */
export async function installNatsServer(log: Log): Promise<void> {
  const installer = await findOnPath('apt-get');
  if (installer === null || process.getuid?.() !== 0) {
    throw new NatsServerMissing(
      'nats-server can only be installed by root on a system with apt-get: install it yourself, or set NATS_URL',
    );
  }
  const run = promisify(execFile);
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 };
  const install = () =>
    run(installer, ['install', '-y', '--no-install-recommends', 'nats-server'], environment);
  log.info('nats.installing', { package: 'nats-server' });
  try {
    // The package lists of a new machine are empty or old.
    await install().catch(async () => {
      await run(installer, ['update'], environment);
      await install();
    });
  } catch (error) {
    throw new NatsServerMissing(
      '"apt-get install nats-server" failed: install it yourself, or set NATS_URL',
      {
        cause: error,
      },
    );
  }
}

/** The process that still runs the server, or null: one that was killed left it behind, or it was this one. */
async function ownerOf(dataFolder: string, pid: number): Promise<number | null> {
  const text = await readFile(join(dataFolder, configurationFile), 'utf8').catch(() => '');
  if (!text.startsWith(ownerWords)) return null;
  const owner = Number.parseInt(text.slice(ownerWords.length), 10);
  if (owner === process.pid) return null;
  // An orphan has another parent, even if a new process has the old parent's id.
  return (await parentOf(pid)) === owner ? owner : null;
}

/**
 * `setpriv` lets the kernel end the server when we die without a chance to do it ourselves. Then, and only then, it leaves our process
 * group: Ctrl-C in a terminal goes to the whole group, and the server would end before we have finished what is under way.
 */
async function spawnServer(program: string, configuration: string): Promise<ChildProcess> {
  const parameters = ['--config', configuration];
  const setpriv = process.platform === 'linux' ? await findOnPath('setpriv') : null;
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  return setpriv === null
    ? spawn(program, parameters, { stdio: [...stdio] })
    : spawn(setpriv, ['--pdeathsig', 'TERM', program, ...parameters], { stdio: [...stdio], detached: true });
}

/** The last lines that the server wrote, for the error that says why it did not start. */
function outputOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4_000);
  });
  return () => text.trim();
}

async function whenReady(
  child: ChildProcess,
  dataFolder: string,
  password: string,
  output: () => string,
  wantedPort: number,
): Promise<{ url: string; port: number }> {
  const deadlineAt = performance.now() + readyMaxMs;
  while (performance.now() < deadlineAt && child.exitCode === null && child.signalCode === null) {
    const port = await portOf(dataFolder, child.pid);
    // Only our own server knows the password, so a server that accepts it is ours.
    if (port !== null && (await jetStreamFailure(port, password)) === null) {
      return { url: `nats://${serverUser}:${password}@127.0.0.1:${port}`, port };
    }
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
  if (output().includes('address already in use')) {
    throw new Error(
      `port ${wantedPort} on 127.0.0.1 is taken: stop what listens there, or choose another for NATS`,
    );
  }
  throw new Error(`nats-server did not become ready: ${output().split('\n').slice(-3).join(' | ')}`);
}

async function endChild(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
  child.kill(signal);
  await exited;
  clearTimeout(timer);
}

/** Two servers on one store would destroy it, and so would two owners that end each other's. */
async function endLeftover(dataFolder: string, log: Log): Promise<void> {
  const file = join(dataFolder, 'nats-server.pid');
  const pid = Number(await readFile(file, 'utf8').catch(() => '0'));
  if (!(pid > 0) || !(await processCommand(pid)).includes(join(dataFolder, configurationFile))) return;
  const owner = await ownerOf(dataFolder, pid);
  if (owner !== null) {
    throw new NatsFolderInUse(
      `the nats-server of ${dataFolder} belongs to process ${owner}, which runs: stop that one, or name a NATS for both with NATS_URL`,
    );
  }
  log.warn('nats.leftover_ended', { pid });
  const deadlineAt = performance.now() + stopMaxMs;
  process.kill(pid, 'SIGTERM');
  while (isRunning(pid)) {
    if (performance.now() > deadlineAt) process.kill(pid, 'SIGKILL');
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }
  await rm(file, { force: true });
}
