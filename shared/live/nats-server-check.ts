import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DiscardPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { configurationFile, serverInboxPrefix, serverUser } from './nats-server-files.ts';

/** A server that does not listen yet refuses at once; one that listens is waited for, however busy this process is. */
const answerMaxMs = 20_000;
/** Holds the newest message of the checks, on servers that are started here only. */
const checkSubject = 'fleetwake.check';
const checkStream = { name: 'FLEETWAKE_CHECK', subjects: [checkSubject], max_msgs: 1 };

interface CheckedServer {
  readonly port: number;
  readonly password: string;
  readonly timeoutMs: number;
}

/** Connects as a client does; resolves with why `work` failed, null when it did not. */
async function failureOf(
  { port, password, timeoutMs }: CheckedServer,
  work: (connection: NatsConnection) => Promise<unknown>,
): Promise<string | null> {
  try {
    const connection = await connect({
      servers: `127.0.0.1:${port}`,
      user: serverUser,
      pass: password,
      timeout: timeoutMs,
      inboxPrefix: serverInboxPrefix,
      reconnect: false,
    });
    try {
      await work(connection);
      return null;
    } finally {
      await connection.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}

/** Whether JetStream is there. */
export function jetStreamFailure(port: number, password: string): Promise<string | null> {
  const timeoutMs = answerMaxMs;
  return failureOf({ port, password, timeoutMs }, (connection) =>
    jetstreamManager(connection, { timeout: timeoutMs }),
  );
}

/** Stores a message, which is what the server is for: it can answer, and store nothing. */
export async function storingFailure(dataFolder: string, server: CheckedServer): Promise<string | null> {
  // A server whose folder was deleted works on until it needs the next file.
  const hasFolder = await stat(join(dataFolder, configurationFile)).then(
    () => true,
    () => false,
  );
  if (!hasFolder) return `its data folder ${dataFolder} is gone`;
  const { timeoutMs } = server;
  const failure = await failureOf(server, async (connection) => {
    const manager = await jetstreamManager(connection, { timeout: timeoutMs });
    await manager.streams.add({ ...checkStream, storage: StorageType.File, discard: DiscardPolicy.Old });
    await jetstream(connection, { timeout: timeoutMs }).publish(checkSubject, '');
  });
  return failure && `JetStream stores nothing (${failure})`;
}
