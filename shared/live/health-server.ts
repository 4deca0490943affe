import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { misdirected } from './http-request-check.ts';

/** How often the main thread shows that it has turns, and without any for how long it counts as stuck. */
const beatMs = 250;
const stuckAfterMs = 60_000;
const startMaxMs = 5_000;

export interface HealthServer {
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Answers `GET /livez` from a thread of its own, so that it answers at once however long the turns of the event loop are: 200 with
 * the milliseconds since the main thread's last turn, 503 when there was none for a minute.
 */
export async function startHealthServer(address: {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** As at the other servers: further host names. */
  readonly allowedHosts: readonly string[];
}): Promise<HealthServer> {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { ...address, beats, stuckAfterMs, misdirected: misdirected('HOST', true) };
  const worker = new Worker(program, { eval: true, workerData });
  const timer = setInterval(() => Atomics.add(beats, 0, 1), beatMs);
  timer.unref();
  try {
    const signal = AbortSignal.timeout(startMaxMs);
    const [{ port }] = (await once(worker, 'message', { signal })) as [{ readonly port: number }];
    worker.unref();
    const host = address.hostname.includes(':') ? `[${address.hostname}]` : address.hostname;
    return {
      origin: `http://${host}:${port}`,
      async stop() {
        clearInterval(timer);
        await worker.terminate();
      },
    };
  } catch (error) {
    clearInterval(timer);
    await worker.terminate();
    throw new Error(
      `the health server cannot listen on ${address.hostname}, port ${address.port} (${error instanceof Error ? error.message : String(error)}): choose another with --health-port`,
    );
  }
}

/**
 * The thread's program, as text: it is the same from the sources and from the package. Nothing but Node's own modules is loaded
 * there, so it decides which hosts are served by its own few lines (http-request-check.ts); a test compares the two.
 */
const program = `
const { createServer } = require('node:http');
const { isIP } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const { hostname, port, beats, stuckAfterMs, allowedHosts, misdirected } = workerData;
const nameOf = (host) => URL.canParse('http://' + host + '/') ? new URL('http://' + host + '/').hostname : '.';
const isServed = (name) =>
  isIP(name.replace(/^\\[(.*)\\]$/, '$1')) !== 0 || !name.includes('.') || name.endsWith('.localhost') || allowedHosts.includes(name);
let known = -1;
let changedAt = performance.now();
const look = () => {
  const count = Atomics.load(beats, 0);
  if (count !== known) changedAt = performance.now();
  known = count;
};
setInterval(look, 100);
const server = createServer((request, response) => {
  look();
  const name = nameOf(request.headers.host ?? '');
  if (!isServed(name)) {
    response.writeHead(421, { 'content-type': 'application/problem+json', connection: 'close' });
    response.end(JSON.stringify({ ...misdirected, detail: misdirected.detail.replace('HOST', name) }));
    return;
  }
  const isKnown = request.url === '/livez' && request.method === 'GET';
  const lastTurnMs = Math.round(performance.now() - changedAt);
  const isStuck = lastTurnMs >= stuckAfterMs;
  const status = !isKnown ? 404 : isStuck ? 503 : 200;
  const body = isKnown ? { status: isStuck ? 'stuck' : 'ok', lastTurnMs } : { status: 'not found' };
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
});
server.on('clientError', (_, socket) => socket.destroy());
server.listen(port, hostname, () => parentPort.postMessage({ port: server.address().port }));
`;
