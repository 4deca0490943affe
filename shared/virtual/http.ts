import { type Http, TransportError } from '../ports/http.ts';
import { integerBetween, type Random } from '../ports/random.ts';
import type { VirtualLoop } from './loop.ts';
import type { VirtualProcess } from './process.ts';

/** A request as the fault hook sees it; a hook that reads the body reads that of a clone. */
export interface HttpCall {
  /** The name of the process that sends. */
  readonly from: string;
  readonly origin: string;
  readonly request: Request;
}

export type HttpFault =
  /** No server listens there. */
  | { readonly kind: 'refused' }
  /** The request never arrives; the caller gets no answer (`timeout`, the default) or a broken connection. */
  | { readonly kind: 'request_lost'; readonly as?: 'timeout' | 'reset' }
  /** The server acts, and its answer is lost. */
  | { readonly kind: 'answer_lost'; readonly as?: 'timeout' | 'reset' }
  /** Something on the way answers in the server's place, and nothing is done. */
  | { readonly kind: 'answered'; readonly response: () => Response }
  /** It is done, and the answer comes so much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** It arrives so much later, perhaps after the caller gave up. */
  | { readonly kind: 'late'; readonly delayMs: number };

export interface VirtualNetworkDeps {
  readonly loop: VirtualLoop;
  readonly random: Random;
  /** A request without an answer after this time, by the caller's clock, ends as `timeout` (15 s). */
  readonly timeoutMs?: number;
  /** One way; 1 to 20 ms by default. */
  readonly latencyMs?: () => number;
}

export interface VirtualNetwork {
  /** The way out of one process, which waits so long for an answer; without it as long as all do. */
  client(process: VirtualProcess, patienceMs?: number): Http;
  /** Serves the origin by this process until it stops. Returns a function that ends it: later requests are refused. */
  listen(origin: string, server: HttpServerProcess): () => void;
  /** Lets requests to the origin `name` arrive at `origin`, with the faults in front of it. */
  alias(name: string, origin: string): void;
  /** Puts something in front of an origin, which meets the requests of every client. */
  front(origin: string, around: (http: Http) => Http): void;
  /** Asked once a request. Replaces the hook before it. */
  onRequest(hook: (call: HttpCall) => HttpFault | null | Promise<HttpFault | null>): void;
  /** Called with the end of each request: a status, or the kind of the error. */
  onOutcome(hook: (call: HttpCall, outcome: string) => void): void;
}

export interface HttpServerProcess {
  readonly process: VirtualProcess;
  readonly handle: (request: Request) => Response | Promise<Response>;
}

const timeoutDefaultMs = 15_000;

/** HTTP between the processes of a virtual system: direct calls that take virtual time, and can be made to fail. */
export function virtualNetwork(deps: VirtualNetworkDeps): VirtualNetwork {
  const { loop, random, timeoutMs = timeoutDefaultMs } = deps;
  const draws = random.stream('network');
  const latencyMs = deps.latencyMs ?? (() => integerBetween(draws, 1, 20));
  // Clock of the network: a message in transit arrives even if its sender has crashed.
  const clock = loop.clock('network');
  const servers = new Map<string, HttpServerProcess>();
  const fronts = new Map<string, (http: Http) => Http>();
  const aliases = new Map<string, string>();
  let faultOf: (call: HttpCall) => HttpFault | null | Promise<HttpFault | null> = () => null;
  let outcomeHook: (call: HttpCall, outcome: string) => void = () => {};

  const after = (delayMs: number) => new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve));

  /** The way there, the handler and the way back. Never settles when the answer is lost in silence. */
  async function exchange(call: HttpCall, fault: HttpFault | null): Promise<Response> {
    const { origin, request } = call;
    const name = nameOf(request);
    await after(latencyMs() + (fault?.kind === 'late' ? fault.delayMs : 0));
    const server = servers.get(origin);
    if (fault?.kind === 'refused' || server === undefined || !server.process.isAlive) {
      throw new TransportError('refused', `${name}: no server listens`, false);
    }
    if (fault?.kind === 'answered') {
      const response = fault.response();
      await after(latencyMs());
      return response;
    }
    if (fault?.kind === 'request_lost') return lost(name, fault.as);
    const answer = await served(loop, server, request);
    if (fault?.kind === 'answer_lost') return lost(name, fault.as);
    await after(latencyMs() + (fault?.kind === 'slow' ? fault.delayMs : 0));
    if (answer === null) throw new TransportError('reset', `${name}: the connection broke`, true);
    return answer;
  }

  async function lost(name: string, as: 'timeout' | 'reset' = 'timeout'): Promise<never> {
    if (as === 'timeout') return new Promise<never>(() => {});
    await after(latencyMs());
    throw new TransportError('reset', `${name}: the connection broke`, true);
  }

  /** The answer, or what the caller's patience or signal says first. */
  function heard(
    process: VirtualProcess,
    request: Request,
    answer: Promise<Response>,
    patienceMs: number,
  ): Promise<Response> {
    return new Promise<Response>((resolve, reject) => {
      const name = nameOf(request);
      const fail = (kind: 'timeout' | 'reset', text: string) =>
        reject(new TransportError(kind, `${name}: ${text}`, true));
      const timer = process.clock.setTimer(patienceMs, () =>
        fail('timeout', `no answer within ${patienceMs} ms`),
      );
      const giveUp = () => fail('reset', 'the caller gave up');
      request.signal.addEventListener('abort', giveUp, { once: true });
      void answer.then(resolve, reject).finally(() => {
        timer.cancel();
        request.signal.removeEventListener('abort', giveUp);
      });
    });
  }

  async function send(process: VirtualProcess, request: Request, patienceMs: number): Promise<Response> {
    const named = originOf(request.url);
    const call: HttpCall = { from: process.name, origin: aliases.get(named) ?? named, request };
    try {
      if (request.signal.aborted) {
        throw new TransportError('reset', `${nameOf(request)}: the caller gave up`, false);
      }
      const fault = await faultOf(call);
      const front = fronts.get(call.origin);
      const way: Http = (passed) => exchange({ ...call, request: passed }, fault);
      const response = await heard(process, request, (front ? front(way) : way)(request), patienceMs);
      outcomeHook(call, String(response.status));
      return response;
    } catch (error) {
      outcomeHook(call, error instanceof TransportError ? error.kind : String(error));
      throw error;
    }
  }

  return {
    client:
      (process, patienceMs = timeoutMs) =>
      (request) =>
        process.call(`http ${nameOf(request)}`, () => send(process, request, patienceMs)),
    listen(origin, server) {
      const place = new URL(origin).origin;
      servers.set(place, server);
      return () => {
        if (servers.get(place) === server) servers.delete(place);
      };
    },
    alias: (name, origin) => void aliases.set(new URL(name).origin, new URL(origin).origin),
    front(origin, around) {
      fronts.set(new URL(origin).origin, around);
    },
    onRequest(hook) {
      faultOf = hook;
    },
    onOutcome(hook) {
      outcomeHook = hook;
    },
  };
}

/**
 * Returns the answer, null if the process crashed during the call or the handler rejects with `TransportError`. A handler
 * that throws anything else answers 500. Only an event stream continues after its handler has answered; any other body is
 * complete then, and is passed on without a copy.
 */
function served(loop: VirtualLoop, server: HttpServerProcess, request: Request): Promise<Response | null> {
  const { process, handle } = server;
  return new Promise((resolve) => {
    const done = loop.openWork(`serves ${nameOf(request)}`, process);
    const forget = process.onEnd(() => resolve(null));
    void Promise.resolve()
      .then(() => handle(request))
      .catch((error: unknown) =>
        error instanceof TransportError ? null : new Response('Internal Server Error', { status: 500 }),
      )
      .then((response) => {
        done();
        forget();
        resolve(response);
      });
  });
}

/** A `Request` holds a normalised absolute URL, so its origin ends before the third slash. */
function originOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3);
  return end === -1 ? url : url.slice(0, end);
}

/** `POST http://…`, without the query, which may hold secrets. */
function nameOf(request: Request): string {
  return `${request.method} ${request.url.split('?')[0]}`;
}
