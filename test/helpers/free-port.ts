import { createServer } from 'node:net';

/**
 * A port on 127.0.0.1 that was free a moment ago, for programs that cannot be told to take port 0. Somebody may be
 * faster: whoever uses it checks who answers.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
