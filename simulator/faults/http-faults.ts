import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { HttpFault } from './http-fault.ts';

export interface FaultyHttp {
  /** The same port, with the faults in the way. */
  readonly http: Http;
  /** Heals: no fault meets a request that starts from now on. What already waits is let through. */
  clear(): void;
  /** Replaces the faults. */
  set(faults: readonly HttpFault[]): void;
  /** How often each type has struck. */
  counts(): Readonly<Record<HttpFault['type'], number>>;
}

/**
 * Puts faults between a caller and a service. Each request draws once for each fault that it matches, in order; a `slow`
 * one delays it and the rest still may strike, any other decides its fate. Draws come from one stream a method and a path's
 * first two segments (`POST /vehicle/{vin}`), so one vehicle's requests do not shift the fate of another's.
 */
export function faultyHttp(
  http: Http,
  deps: { readonly clock: Clock; readonly random: Random },
  initial: readonly HttpFault[],
): FaultyHttp {
  let faults = initial;
  const counts: Record<HttpFault['type'], number> = {
    server_error: 0,
    response_lost: 0,
    rate_limited: 0,
    slow: 0,
  };
  /** As many as there are methods and vehicles. */
  const streams = new Map<string, Random>();

  function streamOf(method: string, path: string): Random {
    const name = `${method} ${path.split('/').slice(0, 3).join('/')}`;
    const known = streams.get(name) ?? deps.random.stream(name);
    streams.set(name, known);
    return known;
  }

  async function send(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const random = streamOf(request.method, pathname);
    for (const fault of faults) {
      if (!matches(fault, request.method, pathname) || random.fraction() >= fault.toxicity) continue;
      counts[fault.type] += 1;
      switch (fault.type) {
        case 'slow': {
          const { latencyMs, jitterMs } = fault.attributes;
          await sleep(deps.clock, latencyMs + Math.floor(random.fraction() * (jitterMs + 1)), request.signal);
          break;
        }
        case 'server_error':
          return problem(fault.attributes.status, 'unavailable', `fault "${fault.name}"`, {});
        case 'rate_limited':
          return problem(429, 'quota-exceeded', `fault "${fault.name}"`, {
            'retry-after': String(fault.attributes.retryAfterSeconds),
          });
        case 'response_lost': {
          const response = await http(request);
          await response.body?.cancel();
          throw new TransportError('reset', `fault "${fault.name}": the answer was lost`, true);
        }
        default:
          return fault satisfies never;
      }
    }
    return http(request);
  }

  return {
    http: send,
    clear() {
      faults = [];
    },
    set(next) {
      faults = next;
    },
    counts: () => ({ ...counts }),
  };
}

function matches(fault: HttpFault, method: string, path: string): boolean {
  const { match } = fault;
  if (match?.method !== undefined && match.method !== method) return false;
  if (match?.path === undefined) return true;
  const wanted = match.path.split('/');
  const segments = path.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((segment, index) => segment === '*' || segment === segments[index])
  );
}

/** What the API IoT itself would say, so that the caller cannot tell the fault from the real thing. */
function problem(
  status: number,
  name: 'unavailable' | 'quota-exceeded',
  detail: string,
  headers: Record<string, string>,
): Response {
  const title = name === 'unavailable' ? 'The service is not available now' : 'Too many requests';
  return new Response(JSON.stringify({ type: `urn:fleetwake:problem:${name}`, title, status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
