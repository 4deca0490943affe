import type { Clock } from '../ports/clock.ts';
import type { EventLoop } from '../ports/event-loop.ts';
import { type Http, TransportError } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import { type Address, type Handler, type HttpServer, listen } from './http-server.ts';
import { callOverSocket, type Reach } from './http-socket.ts';
import { isInsideLiteral, notPublic } from './public-addresses.ts';

export interface LiveHttp {
  /**
   * Sends to the server of the request's origin: to a mounted handler by a direct call, else over a socket with keep-alive.
   * It reads the whole answer within `timeoutMs` (of an event stream only the head), so a caller gets a complete answer or
   * an error.
   */
  readonly http: Http;
  /** From now on requests to `origin` (`http://127.0.0.1:8080`) are direct calls of `handler`. */
  mount(origin: string, handler: Handler): void;
  /** Listens on a socket. Port 0 takes a free one. Rejects with a sentence that names the fix if it cannot. */
  serve(handler: Handler, address: Address): Promise<HttpServer>;
}

/** HTTP between the services of this process and with other servers. A request without an answer after `timeoutMs` ends as `timeout`. */
export function liveHttp(deps: Limits): LiveHttp {
  const handlers = new Map<string, Handler>();
  return {
    http(request) {
      const handler = handlers.get(originOf(request.url));
      return handler ? callHandler(deps, handler, request) : callSocket(deps, request);
    },
    mount(origin, handler) {
      handlers.set(new URL(origin).origin, handler);
    },
    serve: (handler, address) => listen(deps, handler, address),
  };
}

/** A `Request` holds a normalised absolute URL, so its origin ends before the third slash. */
function originOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3);
  return end === -1 ? url : url.slice(0, end);
}

interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** `public`: for URLs from API clients. Addresses of this machine or its network are refused. Default `anywhere`. */
  readonly reach?: Reach;
  /** Tells a time-out apart that this process's own long turns made (`busy`). */
  readonly eventLoop?: Pick<EventLoop, 'busyMs'>;
  /** Of the servers. */
  readonly log?: Log;
}

function callHandler(limits: Limits, handler: Handler, request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) return reject(givenUp(request, false));
    const isBusy = busyWatch(limits);
    const timer = limits.clock.setTimer(limits.timeoutMs, () => reject(timedOut(request, limits, isBusy())));
    const giveUp = () => reject(givenUp(request, true));
    request.signal.addEventListener('abort', giveUp, { once: true });
    const finish = () => {
      timer.cancel();
      request.signal.removeEventListener('abort', giveUp);
    };
    // As over a socket, a handler that throws answers 500, or with `TransportError` not at all.
    void Promise.resolve()
      .then(() => handler(request))
      .catch((error: unknown) => {
        if (error instanceof TransportError) throw error;
        return new Response('Internal Server Error', { status: 500 });
      })
      .then(resolve, reject)
      .finally(finish);
  });
}

async function callSocket(limits: Limits, request: Request): Promise<Response> {
  const { clock, timeoutMs, reach } = limits;
  if (request.signal.aborted) throw givenUp(request, false);
  if (reach === 'public' && isInsideLiteral(new URL(request.url).hostname)) {
    throw new TransportError('refused', `${nameOf(request)}: ${notPublic}`, false);
  }
  const call = callOverSocket(request, reach);
  const isBusy = busyWatch(limits);
  let late: TransportError | null = null as TransportError | null;
  const timer = clock.setTimer(timeoutMs, () => {
    late = timedOut(request, limits, isBusy());
    call.abort();
  });
  try {
    return await call.answer;
  } catch (cause) {
    if (cause instanceof TransportError) throw cause;
    if (late !== null) throw late;
    if (request.signal.aborted) throw givenUp(request, true, cause);
    throw failure(request, cause);
  } finally {
    timer.cancel();
  }
}

/** Failures that happen before a byte of the request was sent. */
const neverSent = new Set([
  notPublic,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function failure(request: Request, error: unknown): TransportError {
  const { code = '', syscall = '' } = error as { code?: string; syscall?: string };
  const message = `${nameOf(request)}: ${code || String(error)}`;
  const sent = !neverSent.has(code) && syscall !== 'connect';
  const kind = code === 'ETIMEDOUT' ? 'timeout' : sent ? 'reset' : 'refused';
  return new TransportError(kind, message, sent, { cause: error });
}

/** Returns what says, from now on, whether long turns took half of the time-out or more. */
function busyWatch({ eventLoop, timeoutMs }: Limits): () => boolean {
  const before = eventLoop?.busyMs() ?? 0;
  return () => (eventLoop?.busyMs() ?? 0) - before >= timeoutMs / 2;
}

function timedOut(request: Request, { timeoutMs }: Limits, isBusy: boolean): TransportError {
  const late = `${nameOf(request)}: no answer within ${timeoutMs} ms`;
  return isBusy
    ? new TransportError('busy', `${late}, while the gateway itself was busy for half of it or more`, true)
    : new TransportError('timeout', late, true);
}

function givenUp(request: Request, mayHaveSucceeded: boolean, cause?: unknown): TransportError {
  return new TransportError('reset', `${nameOf(request)}: the caller gave up`, mayHaveSucceeded, { cause });
}

/** Without the query, which may hold secrets. */
function nameOf(request: Request): string {
  return `${request.method} ${request.url.split('?')[0]}`;
}
