import { createServer } from 'node:net';

/**
 * Below the ports that Linux gives to outgoing connections and to port 0 (32,768 to 60,999): neither takes one meanwhile, and a client
 * that keeps dialling a dead server is not connected to itself.
 */
const firstPort = 12_000;
const portsOfWorker = 1_000;
const workers = 20;

/** Tests of two workers never ask for the same port; a new process begins elsewhere in its worker's range. */
const base = firstPort + (Number(process.env.VITEST_POOL_ID ?? 0) % workers) * portsOfWorker;
let asked = process.pid % portsOfWorker;

/** Resolves with a port on 127.0.0.1 that is free and stays so while its server is away, for programs that cannot take port 0. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < portsOfWorker; tries += 1) {
    const port = base + (asked % portsOfWorker);
    asked += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${base} to ${base + portsOfWorker - 1} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
