import { createServer } from 'node:net';

/**
 * Ports below those that systems hand out by themselves (32768 and up on Linux). A client that keeps dialling a dead
 * server at one of the others is connected to itself sooner or later, and so takes the port that the server wants back.
 */
const range = { from: 12_000, to: 30_000 };

/** A port that is free, and stays so while its server is away. */
export async function restartablePort(): Promise<number> {
  for (;;) {
    const port = range.from + Math.floor(Math.random() * (range.to - range.from));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
