import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';

/** The start of a small Node process; on a machine that is busy it takes seconds. */
const startMaxMs = 20_000;

/** Servers that accept connections of the same port. */
export interface FurtherListeners {
  /** How many there are beside the first. */
  readonly count: number;
  /** Accepts no further connection; resolves when those that it accepted are closed. */
  close(): Promise<void>;
}

export const noFurtherListeners: FurtherListeners = { count: 0, close: async () => {} };

/**
 * Lets a server that listens accept `1 + count` connections in a turn of the event loop. A listening handle of libuv accepts one
 * a turn (since 1.45), so that under load, when turns take 50 ms, the 200th client waits 10 s for a connection that the system
 * made at once. Further handles of the same socket accept with it: a short-lived process receives the handle and sends it back
 * `count` times, because Node copies a handle in no other way. Each connection goes to `take`.
 *
 * Rejects with the reason when no copy can be made, and when `signal` ends the wait; the server then accepts alone, as before.
 */
export async function furtherListeners(
  server: Server,
  count: number,
  take: (socket: Socket) => void,
  signal: AbortSignal,
): Promise<FurtherListeners> {
  // Not the server: the process would listen with it, and accept connections that it cannot answer.
  const handle = (server as unknown as { readonly _handle: unknown })._handle;
  const copier = spawn(process.execPath, ['-e', program], {
    ...{ stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {}, timeout: startMaxMs, signal },
  });
  const copies: ListeningHandle[] = [];
  try {
    await copyHandle(copier, handle, { count, copies });
  } catch (error) {
    // The port stays taken while one of them is open, also one that comes late.
    for (const copy of copies) copy.close();
    copier.on('message', (_, copy) => (copy as unknown as ListeningHandle).close());
    throw error;
  } finally {
    copier.kill();
  }
  const servers = copies.map((copy) =>
    createServer({ allowHalfOpen: true, noDelay: true }, take)
      .listen(copy)
      .on('error', (error) => server.emit('error', error)),
  );
  return {
    count,
    async close() {
      await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
    },
  };
}

/** A socket of Node below its servers. */
interface ListeningHandle {
  close(): void;
}

const program = `process.on('message', (count, handle) => {
  for (let sent = 0; sent < count; sent += 1) process.send(sent, handle, { keepOpen: true });
});`;

/** Resolves once there are `count` copies. Rejects when the process ends before. */
function copyHandle(
  copier: ChildProcess,
  handle: unknown,
  { count, copies }: { readonly count: number; readonly copies: ListeningHandle[] },
): Promise<void> {
  return new Promise((resolve, reject) => {
    copier.on('error', reject);
    copier.on('exit', (code, signal) =>
      reject(new Error(`the process that copies it ended (${code ?? signal})`)),
    );
    copier.on('message', (_, copy) => {
      if (copies.push(copy as unknown as ListeningHandle) === count) resolve();
    });
    copier.send(count, handle as Server, (error) => {
      if (error !== null) reject(error);
    });
  });
}
