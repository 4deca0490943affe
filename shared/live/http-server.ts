import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../ports/clock.ts';
import { TransportError } from '../ports/http.ts';
import { type Log, silentLog } from '../ports/log.ts';
import { type Problem, type ProblemName, problemOf } from '../protocol/problem.ts';
import { noteClientAddress } from '../protocol/request-address.ts';
import { reachableHost } from '../protocol/url-host.ts';
import { type FurtherListeners, furtherListeners, noFurtherListeners } from './further-listeners.ts';
import { requestProblem } from './http-request-check.ts';

/** Requests that are still under way this long after `close` are cut. */
const drainDefaultMs = 2_000;
const idleCheckMs = 20;

/** What a client may take for the headers and for the whole request, by Node's names, and how large its headers may be. */
export interface RequestLimits {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  /** How often Node looks for those that are over. */
  readonly connectionsCheckingInterval: number;
  readonly maxHeaderSize: number;
}

/** Of every server (docs/operations.md). */
export const requestLimits: RequestLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
};

/** Answers a request. Rejects with `TransportError` to reset the connection without an answer; any other error answers 500. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A request that is answered before it becomes one for the handler: its body is not read, and its connection stays. */
export type Shed = (method: string, target: string) => Shedding | null;

export interface Shedding {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Address {
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  readonly port: number;
  /** What chooses the port, for the sentence of a failure; default `--port`. */
  readonly flag?: string;
  /** Host names under which it answers beside addresses, localhost and names without a dot. Absent: no option adds any. */
  readonly allowedHosts?: readonly string[];
  /** Default `requestLimits`. */
  readonly limits?: RequestLimits;
  /** Connections that are accepted in one turn of the event loop; default 1, as Node does (further-listeners.ts). */
  readonly accepts?: number;
  /** Refuses requests at next to no cost. A page's request (with Origin) always reaches the handler, whose answer has its CORS headers. */
  readonly shed?: Shed;
}

export interface HttpServer {
  /** Where it is reached from this machine. */
  readonly origin: string;
  readonly port: number;
  /** Takes no new request, waits for those under way and cuts what is left after `drainMs` (2 s). */
  close(drainMs?: number): Promise<void>;
}

/**
 * Listens on a socket and hands each request to `handler`. What Node's parser or its limits refuse, and what names another
 * host, is answered here with application/problem+json.
 */
export function listen(
  deps: { readonly clock: Clock; readonly log?: Log },
  handler: Handler,
  address: Address,
): Promise<HttpServer> {
  const { hostname = '127.0.0.1', port, flag = '--port', allowedHosts, limits = requestLimits } = address;
  const { accepts = 1 } = address;
  const { clock, log = silentLog } = deps;
  const server = newServer(handler, {
    ...{ limits, shed: address.shed ?? (() => null) },
    allowedHosts: allowedHosts === undefined ? null : new Set(allowedHosts),
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, { hostname, port, flag })),
    );
    server.listen(port, hostname, () => {
      // A connection that cannot be accepted (no file descriptor is left) must not end the process.
      server.on('error', (error) => log.error('http.connection_not_accepted', { message: error.message }));
      const taken = (server.address() as AddressInfo).port;
      // Nothing waits for them: until they are there, the server accepts alone.
      const closing = new AbortController();
      const further = acceptingWith(server, accepts - 1, { log, signal: closing.signal });
      resolve({
        origin: `http://${reachableHost(hostname)}:${taken}`,
        port: taken,
        async close(drainMs = drainDefaultMs) {
          closing.abort();
          const listeners = await further;
          await Promise.all([closeServer(clock, server, drainMs), listeners.close()]);
        },
      });
    });
  });
}

async function acceptingWith(
  server: Server,
  count: number,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<FurtherListeners> {
  if (count === 0) return noFurtherListeners;
  try {
    return await furtherListeners(server, count, (socket) => server.emit('connection', socket), signal);
  } catch (error) {
    // Slower under load, and right all the same.
    if (!signal.aborted)
      log.warn('http.accepts_alone', { message: error instanceof Error ? error.message : String(error) });
    return noFurtherListeners;
  }
}

function newServer(
  handler: Handler,
  {
    allowedHosts,
    limits,
    shed,
  }: {
    readonly allowedHosts: ReadonlySet<string> | null;
    readonly limits: RequestLimits;
    readonly shed: Shed;
  },
): Server {
  const noted = (request: Request, { incoming }: { readonly incoming: IncomingMessage }) => {
    noteClientAddress(request, incoming.socket.remoteAddress);
    const given = handler(request);
    if (!(given instanceof Promise)) return given;
    return given.catch((error: unknown) => {
      if (!(error instanceof TransportError)) throw error;
      incoming.socket.resetAndDestroy();
      // Node drops it, because its connection is gone.
      return new Response(null, { status: 500 });
    });
  };
  const answer = getRequestListener(noted as Parameters<typeof getRequestListener>[0], {
    errorHandler: () =>
      new Response(JSON.stringify(problemOf('internal', 'The request failed here. It may be sent again.')), {
        status: 500,
        headers: { 'content-type': 'application/problem+json' },
      }),
  });
  const underWay = new WeakMap<Socket, ServerResponse>();
  const take = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    underWay.set(incoming.socket, outgoing);
    const problem = requestProblem(incoming, allowedHosts);
    if (problem !== null) return refuse(incoming, outgoing, problem, { connection: 'close' });
    const { method = '', url = '', headers } = incoming;
    if (url === '*') return outgoing.writeHead(204, { allow }).end();
    const shedding = headers.origin === undefined ? shed(method, url) : null;
    if (shedding !== null) return refuse(incoming, outgoing, shedding.problem, shedding.headers);
    void answer(incoming, outgoing);
  };
  const server = createServer({ ...limits, requireHostHeader: false }, take);
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const problem = problemOf('expectation-failed', 'Only Expect: 100-continue is possible.');
    refuse(incoming, outgoing, problem, { connection: 'close' });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const current = underWay.get(socket);
    const isAnswered = current?.headersSent === true && !current.writableFinished;
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswered) socket.destroy();
    else socket.end(rawAnswer(parserProblem(error, limits)), () => socket.destroy());
  });
  return server;
}

/** Of the server in general, for `OPTIONS *` (RFC 9110 section 9.3.7), which is about no path that a handler knows. */
const allow = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  problem: Problem,
  headers: Readonly<Record<string, string>>,
): void {
  const body = JSON.stringify(problem);
  // What the client still sends is read away, or it would never read the answer.
  incoming.resume();
  outgoing.writeHead(problem.status, { ...problemHeaders(body), ...headers });
  outgoing.end(body);
}

function problemHeaders(body: string) {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  };
}

/** An answer for a connection whose request never became one. */
function rawAnswer(problem: Problem): string {
  const body = JSON.stringify(problem);
  const headers = Object.entries({ ...problemHeaders(body), connection: 'close' });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, '', body].join('\r\n');
}

/** What Node's parser and its time limits complain of, by the code of their error. */
function parserProblem({ code = '' }: NodeJS.ErrnoException, limits: RequestLimits): Problem {
  const problems: Readonly<Record<string, readonly [name: ProblemName, detail: string]>> = {
    HPE_HEADER_OVERFLOW: ['headers-too-large', `The headers may have at most ${limits.maxHeaderSize} bytes.`],
    HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'The extensions of a chunk are too long.'],
    ERR_HTTP_REQUEST_TIMEOUT: [
      'request-timeout',
      `Send the headers within ${limits.headersTimeout / 1_000} s and the whole request within ${limits.requestTimeout / 1_000} s.`,
    ],
  };
  const [name, detail] = problems[code] ?? ['malformed-request', 'This is no HTTP/1.1 request.'];
  return problemOf(name, detail);
}

function listenError(
  error: NodeJS.ErrnoException,
  { hostname, port, flag }: { readonly hostname: string; readonly port: number; readonly flag: string },
): Error {
  const where = `port ${port} on ${hostname}`;
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is taken: stop what listens there, or choose another with ${flag}`,
    EACCES: `${where} may not be used by this user: choose one above 1023 with ${flag}`,
    EADDRNOTAVAIL: `${hostname} is no address of this machine: choose another to listen on`,
    ENOTFOUND: `${hostname} is no known host name: choose another to listen on`,
  };
  return new Error(sentences[error.code ?? ''] ?? `cannot listen on ${where}: ${error.message}`, {
    cause: error,
  });
}

function closeServer(clock: Clock, server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timers = [clock.setTimer(drainMs, () => server.closeAllConnections())];
    // A connection that was busy stays open for its client's next request, which will never be answered.
    const closeIdle = () => {
      server.closeIdleConnections();
      timers[1] = clock.setTimer(idleCheckMs, closeIdle);
    };
    server.close(() => {
      for (const timer of timers) timer.cancel();
      resolve();
    });
    closeIdle();
  });
}
