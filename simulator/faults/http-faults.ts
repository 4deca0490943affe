import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type FaultControls, faultStrikes } from './fault-strikes.ts';
import { type HttpFault, httpFaultTypes } from './http-fault.ts';

export interface HttpFaults extends FaultControls<HttpFault> {
  /**
   * Returns what answers a service's requests, with the faults in front of it. At a listener it meets every caller; in front
   * of a client's port it meets that client alone. It rejects with `TransportError` where the caller gets no answer.
   */
  around(http: Http): Http;
}

/** The answer of a fault that answers in the service's place. */
export type FaultAnswer = (
  kind: 'server_error' | 'rate_limited' | 'unauthorized',
  status: number,
  detail: string,
  headers: Record<string, string>,
) => Response;

/**
 * Creates the faults of one service. Each request draws once for each fault that it matches, in order; a `slow`
 * one delays it and the rest still may strike, any other decides its fate. Draws come from one stream a method and subject
 * (`POST /vehicle/{vin}`, `POST act_1` of a purchase's payment), so one vehicle's requests do not shift the fate of another's.
 */
export function httpFaults(
  deps: { readonly clock: Clock; readonly random: Random; readonly answer?: FaultAnswer },
  initial: readonly HttpFault[] = [],
): HttpFaults {
  const answer = deps.answer ?? apiIotAnswer;
  const strikes = faultStrikes(deps, httpFaultTypes, initial);
  /** Purchases in the order in which their first call came. */
  const purchases = new Map<string, number>();

  /** The place of the purchase that a request is about; null where it names none. */
  function placeOf(request: Request): number | null {
    const purchase = keyOwner(request);
    if (purchase === null) return null;
    const place = purchases.get(purchase) ?? purchases.size + 1;
    purchases.set(purchase, place);
    return place;
  }

  async function send(http: Http, request: Request): Promise<Response> {
    const faults = strikes.faults();
    if (faults.length === 0) return http(request);
    const { pathname } = new URL(request.url);
    const subject = subjectOf(request, pathname);
    const place = faults.some(({ match }) => match?.purchase !== undefined) ? placeOf(request) : null;
    for (const fault of faults) {
      if (!matches(fault, request.method, pathname, place) || !strikes.strikes(fault, subject)) continue;
      const words = `fault "${fault.name}"`;
      switch (fault.type) {
        case 'slow': {
          const { latencyMs, jitterMs } = fault.attributes;
          const jitter = strikes.streamOf(subject).fraction();
          await sleep(deps.clock, latencyMs + Math.floor(jitter * (jitterMs + 1)), request.signal);
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
        case 'unreachable': {
          const { breaks } = fault.attributes;
          const text = `${words}: the service cannot be reached`;
          throw new TransportError(breaks ? 'reset' : 'refused', text, breaks);
        }
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

  return { ...strikes, around: (http) => (request) => send(http, request) };
}

function matches(fault: HttpFault, method: string, path: string, place: number | null): boolean {
  const { match } = fault;
  if (match?.purchase !== undefined && match.purchase !== place) return false;
  if (match?.method !== undefined && match.method !== method) return false;
  if (match?.path === undefined) return true;
  const wanted = match.path.split('/');
  const segments = path.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((segment, index) => segment === '*' || segment === segments[index])
  );
}

/**
 * Returns the activation, by which keys of the engine begin: `{activationId}:{step}` and `{activationId}:{attempt}`. Null for another
 * key: an engine of the user's own may draw a new one for each try.
 */
function keyOwner(request: Request): string | null {
  return /^(act_[^:]+):/.exec(request.headers.get('idempotency-key') ?? '')?.[1] ?? null;
}

/** Whose request it is: a vehicle's, or of a payment, whose path begins with a version, a purchase's. */
function subjectOf(request: Request, path: string): string {
  const { method } = request;
  if (!path.startsWith('/v1/')) return `${method} ${path.split('/').slice(0, 3).join('/')}`;
  return `${method} ${keyOwner(request) ?? path.split('/').slice(0, 4).join('/')}`;
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
