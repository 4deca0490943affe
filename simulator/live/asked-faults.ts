import type { Http } from '../../shared/ports/http.ts';
import { carriedResponse } from './carried-http.ts';
import type { RequestFate, RunQuestion } from './process-questions.ts';

/** The response or the error of a request that passed. */
type Sent =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: unknown };

/** A request at the API IoT whose fate the other process decides. */
export interface OpenRequest {
  send(): Promise<Sent>;
  sent: Sent | null;
}

let keys = 0;

/** Wraps what answers at the API IoT: `ask` says what becomes of each request, and may let it pass meanwhile. */
export function askingHttp(
  http: Http,
  ask: (question: Extract<RunQuestion, { type: 'request' }>) => Promise<unknown>,
  requests: Map<number, OpenRequest>,
): Http {
  return async (request) => {
    keys += 1;
    const key = keys;
    const open: OpenRequest = {
      send: () =>
        http(request).then(
          (response): Sent => ({ ok: true, response }),
          (error: unknown): Sent => ({ ok: false, error }),
        ),
      sent: null,
    };
    requests.set(key, open);
    const { headers, method, url, signal } = request;
    const isGivenUp = new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    try {
      const fate = (await Promise.race([
        ask({ type: 'request', key, method, url, idempotencyKey: headers.get('idempotency-key') }),
        isGivenUp,
      ])) as RequestFate | null;
      // Its caller waits no longer: the request fails as one that is given up does.
      if (fate === null) return await http(request);
      return responseOf(fate, open);
    } finally {
      requests.delete(key);
    }
  };
}

function responseOf(fate: RequestFate, { sent }: OpenRequest): Response {
  switch (fate.type) {
    case 'own':
      if (sent === null) throw new Error('a request of the run never passed');
      if (!sent.ok) throw sent.error;
      return sent.response;
    case 'error':
      // It came, and the fault lost it.
      if (sent?.ok) void sent.response.body?.cancel();
      return carriedResponse(fate);
    case 'answer':
      return carriedResponse(fate);
    default:
      return fate satisfies never;
  }
}

/** Lets a request pass. Resolves once its answer is here, with whether there is one. */
export async function pass(requests: ReadonlyMap<number, OpenRequest>, key: number): Promise<boolean> {
  const request = requests.get(key);
  if (!request) return false;
  request.sent = await request.send();
  return request.sent.ok;
}
