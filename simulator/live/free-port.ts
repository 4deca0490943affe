import { createServer } from 'node:net';

export interface PortRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Below the ports that Linux gives to outgoing connections and to port 0 (32,768 to 60,999): neither takes one meanwhile, and a client
 * that keeps dialling a dead server is not connected to itself.
 */
const runs: PortRange = { first: 12_000, count: 20_000 };

/** Returns a function that resolves with a port on 127.0.0.1 that is free and stays so while its server is away, another one each time. */
export function freePorts({ first, count }: PortRange = runs): () => Promise<number> {
  let asked = (process.pid * 37) % count;
  return async () => {
    for (let tries = 0; tries < count; tries += 1) {
      const port = first + (asked % count);
      asked += 1;
      if (await isFree(port)) return port;
    }
    throw new Error(`no port from ${first} to ${first + count - 1} is free`);
  };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
