import { createHmac, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fleetSubjects } from '../protocol/fleet-subjects.ts';
import { standardPrefix } from '../protocol/nats-names.ts';

export const serverUser = 'fleetwake';
/** Answers to the gateway come here, where no other account may listen: messages of its streams are among them. */
export const serverInboxPrefix = '_GATEWAY';
/** The account of the simulator: it publishes the events of a fleet and answers the control of its faults. */
const fleetUser = 'fleet';
/** The account of a team's tests: they read events and send requests. */
const clientUser = 'fleet-client';
export const configurationFile = 'nats-server.conf';

/** A password that survives restarts, so that clients of the last run reconnect. */
export async function passwordOf(dataFolder: string, known?: string): Promise<string> {
  const file = join(dataFolder, 'nats-password');
  const kept = await readFile(file, 'utf8').catch(() => '');
  const password = known ?? (kept.trim() || randomBytes(24).toString('hex'));
  if (password !== kept.trim()) await writeFile(file, password, { mode: 0o600 });
  return password;
}

/**
 * How long the server waits for a client that has connected to say who it is, and for one to take what is sent: the defaults (2 s and
 * 10 s) are shorter than the turns of a process on a busy machine, which would never get in.
 */
const patience = { authenticationSeconds: 30, writeSeconds: 30 };

/** Starts the configuration's first line; the process that started the server follows. */
export const ownerWords = '# started by process ';

/** How fleet and tests are let in by a nats-server of our own. */
export interface FleetAccess {
  /** Of the fleet itself, with user and password. Not to be logged. */
  readonly fleetUrl: string;
  /** Without credentials. */
  readonly url: string;
  /** Of the tests. */
  readonly user: string;
  readonly password: string;
}

/** Returns the access for the fleet, from the server's own URL with its password. */
export function fleetAccessOf(serverUrl: string): FleetAccess {
  const { host, password } = new URL(serverUrl);
  return {
    fleetUrl: `nats://${fleetUser}:${passwordFor(fleetUser, password)}@${host}`,
    url: `nats://${host}`,
    user: clientUser,
    password: passwordFor(clientUser, password),
  };
}

/** As lasting as the server's password, which cannot be computed from it. */
const passwordFor = (user: string, serverPassword: string) =>
  createHmac('sha256', serverPassword).update(user).digest('hex');

/**
 * The users: the gateway may do all; fleet and tests use the fleet's subjects alone, so that no stream of the gateway is read or changed
 * by them. The fleet answers in inboxes alone: with `allow_responses` a client could have it publish on any subject.
 */
function usersText(password: string): string {
  const { allEvents, allTelemetry, allControl, ping } = fleetSubjects(standardPrefix);
  const quoted = (values: readonly string[]) => JSON.stringify(values);
  const inbox = '_INBOX.>';
  return `[
    { user: ${JSON.stringify(serverUser)}, password: ${JSON.stringify(password)} }
    { user: ${JSON.stringify(fleetUser)}, password: ${JSON.stringify(passwordFor(fleetUser, password))}, permissions: {
      publish: ${quoted([allEvents, allTelemetry, ping, inbox])}, subscribe: ${quoted([allControl, inbox])} } }
    { user: ${JSON.stringify(clientUser)}, password: ${JSON.stringify(passwordFor(clientUser, password))}, permissions: {
      publish: ${quoted([allControl])}, subscribe: ${quoted([allEvents, allTelemetry, inbox])} } }
  ]`;
}

export function configurationText(dataFolder: string, port: number, password: string): string {
  const quoted = (text: string) => JSON.stringify(text);
  return `${ownerWords}${process.pid}
listen: ${quoted(`127.0.0.1:${port === 0 ? -1 : port}`)}
ports_file_dir: ${quoted(dataFolder)}
pid_file: ${quoted(join(dataFolder, 'nats-server.pid'))}
authorization { timeout: ${patience.authenticationSeconds}, users: ${usersText(password)} }
write_deadline: "${patience.writeSeconds}s"
jetstream { store_dir: ${quoted(dataFolder)} }
max_payload: 1MB
`;
}

/** The server writes the port that it took into a file named after its process. */
export async function portOf(dataFolder: string, pid: number | undefined): Promise<number | null> {
  try {
    const text = await readFile(join(dataFolder, `nats-server_${pid}.ports`), 'utf8');
    const { nats } = JSON.parse(text) as { nats?: string[] };
    return nats?.[0] ? Number(new URL(nats[0]).port) : null;
  } catch {
    return null;
  }
}
