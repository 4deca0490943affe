import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Random } from '../../shared/ports/random.ts';
import { isInWindow } from './fault-schedule.ts';
import type { HttpFault } from './http-fault.ts';

export interface FaultyHttp {
  /** The same port, with the faults in the way. */
  readonly http: Http;
  /** The first moment of the workload is now: windows and `first` count from here. Before it, faults with a schedule sleep. */
  begin(): void;
  /** Heals: no fault meets a request that starts from now on. What already waits is let through. */
  clear(): void;
  /** Replaces the faults. */
  set(faults: readonly HttpFault[]): void;
  /** How long ago the workload began; 0 before it. */
  sinceBeginMs(): number;
  /** How often this one has struck. */
  struckBy(fault: HttpFault | null): number;
  /** How often each type has struck. */
  counts(): Readonly<Record<HttpFault['type'], number>>;
}

/** The answer of a fault that answers in the service's place. */
export type FaultAnswer = (
  kind: 'server_error' | 'rate_limited' | 'unauthorized',
  status: number,
  detail: string,
  headers: Record<string, string>,
) => Response;

/**
 * Puts faults between a caller and a service. Each request draws once for each fault that it matches, in order; a `slow`
 * one delays it and the rest still may strike, any other decides its fate. Draws come from one stream a method and subject
 * (`POST /vehicle/{vin}`, `POST /v1/payment_intents/{id}`), so one vehicle's requests do not shift the fate of another's.
 */
export function faultyHttp(
  http: Http,
  deps: { readonly clock: Clock; readonly random: Random; readonly answer?: FaultAnswer },
  initial: readonly HttpFault[],
): FaultyHttp {
  const answer = deps.answer ?? apiIotAnswer;
  let faults = initial;
  let begunAt: number | null = null;
  /** Fault and subject → how many requests it has struck. */
  const struck = new Map<HttpFault, Map<string, number>>();
  const counts: Record<HttpFault['type'], number> = {
    server_error: 0,
    response_lost: 0,
    rate_limited: 0,
    unauthorized: 0,
    slow: 0,
  };
  /** As many as there are methods and vehicles. */
  const streams = new Map<string, Random>();

  function streamOf(subject: string): Random {
    const known = streams.get(subject) ?? deps.random.stream(subject);
    streams.set(subject, known);
    return known;
  }

  /** It is the fault's time, and this subject has not met it often enough yet. */
  function isAwake(fault: HttpFault, subject: string): boolean {
    const { schedule } = fault;
    if (schedule === undefined) return true;
    if (begunAt === null || !isInWindow(schedule, deps.clock.now() - begunAt)) return false;
    return schedule.first === undefined || (struck.get(fault)?.get(subject) ?? 0) < schedule.first;
  }

  function note(fault: HttpFault, subject: string): void {
    counts[fault.type] += 1;
    const bySubject = struck.get(fault) ?? new Map<string, number>();
    struck.set(fault, bySubject.set(subject, (bySubject.get(subject) ?? 0) + 1));
  }

  async function send(request: Request): Promise<Response> {
    if (faults.length === 0) return http(request);
    const { pathname } = new URL(request.url);
    const subject = subjectOf(request.method, pathname);
    const random = streamOf(subject);
    for (const fault of faults) {
      if (!matches(fault, request.method, pathname) || !isAwake(fault, subject)) continue;
      if (random.fraction() >= fault.toxicity) continue;
      note(fault, subject);
      const words = `fault "${fault.name}"`;
      switch (fault.type) {
        case 'slow': {
          const { latencyMs, jitterMs } = fault.attributes;
          await sleep(deps.clock, latencyMs + Math.floor(random.fraction() * (jitterMs + 1)), request.signal);
          break;
        }
        case 'server_error':
          return answer(fault.type, fault.attributes.status, words, {});
        case 'rate_limited':
          return answer(fault.type, 429, words, {
            'retry-after': String(fault.attributes.retryAfterSeconds),
          });
        case 'unauthorized':
          return answer(fault.type, 401, words, {});
        case 'response_lost': {
          const response = await http(request);
          await response.body?.cancel();
          throw new TransportError('reset', `${words}: the answer was lost`, true);
        }
        default:
          return fault satisfies never;
      }
    }
    return http(request);
  }

  return {
    http: send,
    begin() {
      begunAt = deps.clock.now();
    },
    clear() {
      faults = [];
    },
    set(next) {
      faults = next;
      for (const fault of struck.keys()) if (!next.includes(fault)) struck.delete(fault);
      if (next.length === 0) streams.clear();
    },
    sinceBeginMs: () => (begunAt === null ? 0 : deps.clock.now() - begunAt),
    struckBy(fault) {
      const bySubject = fault ? struck.get(fault) : undefined;
      return [...(bySubject?.values() ?? [])].reduce((sum, count) => sum + count, 0);
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

/** Whose request it is: a vehicle's, or a payment's, whose path begins with a version. */
function subjectOf(method: string, path: string): string {
  const depth = path.startsWith('/v1/') ? 4 : 3;
  return `${method} ${path.split('/').slice(0, depth).join('/')}`;
}

const apiIotProblems = {
  server_error: ['unavailable', 'The service is not available now'],
  rate_limited: ['quota-exceeded', 'Too many requests'],
  unauthorized: ['unauthorized', 'A valid access token is needed'],
} as const;

/** What the API IoT itself would say, so that the caller cannot tell the fault from the real thing. */
const apiIotAnswer: FaultAnswer = (kind, status, detail, headers) => {
  const [name, title] = apiIotProblems[kind];
  return new Response(JSON.stringify({ type: `urn:fleetwake:problem:${name}`, title, status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
};

/** As Stripe writes its errors. */
export const paymentsAnswer: FaultAnswer = (kind, status, message, headers) => {
  const type = kind === 'server_error' ? 'api_error' : 'invalid_request_error';
  return new Response(JSON.stringify({ error: { type, message } }), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
};
