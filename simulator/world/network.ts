import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { type Call, callOf } from './call.ts';
import type { HttpFailure } from './schedule.ts';

/** A server's side: null while its process is dead or has not listened yet. */
interface Server {
  readonly process: VirtualProcess;
  readonly handle: Http;
}

export interface NetworkDeps {
  /** The network's own time: what is on its way arrives, whatever becomes of its sender. */
  readonly clock: Clock;
  readonly latencyMs: () => number;
  /** How this call goes wrong; `refused`: nobody listens there. */
  readonly failure: (call: Call, origin: string) => HttpFailure | 'refused' | null;
  readonly onCall: (call: Call, caller: string, outcome: string) => void;
}

/** As shared/live/http.ts is configured: no answer within it is none. */
const timeoutMs = 15_000;
/** A slow answer: longer than the payment client waits, shorter than the engine. */
const slowMs = 12_000;

/** HTTP between the processes of the world: each request takes its time, and may go wrong on the way or on the way back. */
export function newNetwork(deps: NetworkDeps) {
  const servers = new Map<string, Server>();

  function after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void deps.clock.setTimer(delayMs, resolve));
  }

  /** The answer, read to its end, or null when the server died over it. */
  async function serve(server: Server, request: Request): Promise<Response | null> {
    const dead = new Promise<null>((resolve) => {
      if (!server.process.isAlive) resolve(null);
      else server.process.onEnd(() => resolve(null));
    });
    const answer = (async () => {
      const response = await server.handle(request);
      const body = await response.text();
      const hasBody = body !== '';
      return new Response(hasBody ? body : null, { status: response.status, headers: response.headers });
    })();
    return Promise.race([answer, dead]);
  }

  async function exchange(call: Call, request: Request, failure: HttpFailure | null): Promise<Response> {
    const { origin } = new URL(request.url);
    await after(deps.latencyMs());
    const server = servers.get(origin);
    if (server === undefined || !server.process.isAlive)
      throw new TransportError('refused', `${call.name}: nobody listens`, false);
    if (failure === 'server_error') return unavailable();
    if (failure === 'request_lost') {
      await after(deps.latencyMs());
      throw new TransportError('reset', `${call.name}: the connection broke`, true);
    }
    const answer = await serve(server, request);
    if (answer === null || failure === 'response_lost') {
      await after(deps.latencyMs());
      throw new TransportError('reset', `${call.name}: the connection broke`, true);
    }
    await after(failure === 'slow' ? slowMs : deps.latencyMs());
    return answer;
  }

  async function withinTime(call: Call, work: Promise<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
      const timer = deps.clock.setTimer(timeoutMs, () =>
        reject(new TransportError('timeout', `${call.name}: no answer within ${timeoutMs} ms`, true)),
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  return {
    listen(origin: string, server: Server): void {
      servers.set(origin, server);
    },
    client(process: VirtualProcess): Http {
      return async (request) => {
        const call = await callOf(request);
        const failure = deps.failure(call, new URL(request.url).origin);
        return process.call(`http ${call.name}`, async () => {
          try {
            if (failure === 'refused') throw new TransportError('refused', `${call.name}: refused`, false);
            const response = await withinTime(call, exchange(call, request, failure));
            deps.onCall(call, process.name, String(response.status));
            return response;
          } catch (error) {
            if (!(error instanceof TransportError)) throw error;
            deps.onCall(call, process.name, error.kind);
            throw error;
          }
        });
      };
    },
  };
}

export type Network = ReturnType<typeof newNetwork>;

function unavailable(): Response {
  const body = { type: 'about:blank', title: 'Unavailable', status: 503, detail: 'not now' };
  return new Response(JSON.stringify(body), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
}
