import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const serverUser = 'fleetwake';
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

export function configurationText(dataFolder: string, port: number, password: string): string {
  const quoted = (text: string) => JSON.stringify(text);
  return `${ownerWords}${process.pid}
listen: ${quoted(`127.0.0.1:${port === 0 ? -1 : port}`)}
ports_file_dir: ${quoted(dataFolder)}
pid_file: ${quoted(join(dataFolder, 'nats-server.pid'))}
authorization { user: ${quoted(serverUser)}, password: ${quoted(password)}, timeout: ${patience.authenticationSeconds} }
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
