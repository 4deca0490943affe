import { problemResponse } from '../../gateway/http/problem.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { type ProblemName, problemOf } from '../../shared/protocol/problem.ts';

/** Answers in the API IoT's place, or null: let it pass. */
export type Rule = (request: Request, pass: Http) => Promise<Response> | null;

export interface Watch {
  readonly disturb: (http: Http) => Http;
  /** What went between engine and API IoT, as it was answered: `POST configure 202`, `GET status 503`, `POST token reset`. */
  readonly seen: readonly string[];
  /** Questions after a command, apart: how many there are depends on how fast the callback is. */
  readonly polls: readonly string[];
}

/** Stands between the engine and the API IoT: sees everything, and lets the rules, in their order, answer first. */
export function watch(...rules: readonly Rule[]): Watch {
  const seen: string[] = [];
  const polls: string[] = [];
  return {
    seen,
    polls,
    disturb: (http) => async (request) => {
      const operation = operationOf(request);
      const name = `${request.method} ${operation}`;
      const book = operation === 'command' ? polls : seen;
      // In the order of asking: answers to questions that were asked at once come as they like.
      const index = book.push(name) - 1;
      try {
        let answer: Promise<Response> | null = null;
        for (const rule of rules) answer ??= rule(request, http);
        const response = await (answer ?? http(request));
        book[index] = `${name} ${response.status}`;
        return response;
      } catch (error) {
        if (error instanceof TransportError) book[index] = `${name} ${error.kind}`;
        throw error;
      }
    },
  };
}

/** `configure`, `status`, `health`, `history` (the list), `command` (one of it) or `token`. */
export function operationOf(request: Request): string {
  const segments = new URL(request.url).pathname.split('/').slice(1);
  if (segments[0] === 'oauth') return 'token';
  return segments.length === 4 ? 'command' : (segments[2] ?? '');
}

/** The rule for one operation, `count` times (default: always), for one vehicle or for all. */
export function on(
  operation: string,
  answer: (request: Request, pass: Http) => Promise<Response>,
  { count = Number.POSITIVE_INFINITY, vin = '' }: { count?: number; vin?: string } = {},
): Rule {
  let left = count;
  return (request, pass) => {
    if (left <= 0 || operationOf(request) !== operation || !request.url.includes(vin)) return null;
    left -= 1;
    return answer(request, pass);
  };
}

/** An answer that no API IoT of ours made: plain status, a body of another shape. */
export function answers(status: number, headers: Record<string, string> = {}): () => Promise<Response> {
  return async () => new Response('{"error":"from somewhere else"}', { status, headers });
}

/** What a proxy with a wrong route or a firewall answers. */
export function answersPage(status: number): () => Promise<Response> {
  const headers = { 'content-type': 'text/html', location: 'https://login.example/' };
  return async () => new Response('<html><body>Not here</body></html>', { status, headers });
}

/** A refusal in the API IoT's own words. */
export function answersProblem(name: ProblemName): () => Promise<Response> {
  return async () => problemResponse(problemOf(name, 'no'));
}

/** The request never left. */
export async function refused(): Promise<never> {
  throw new TransportError('refused', 'no route to the API IoT', false);
}

/** The request was acted on and its answer was lost. */
export async function answerLost(request: Request, pass: Http): Promise<never> {
  await pass(request);
  throw new TransportError('reset', 'the answer was lost', true);
}

/** The same request with another body or other headers. */
export async function changed(
  request: Request,
  change: { body?: (text: string) => string; headers?: Record<string, string> },
): Promise<Request> {
  const text = await request.text();
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  for (const [name, value] of Object.entries(change.headers ?? {})) headers.set(name, value);
  return new Request(request.url, { method: request.method, headers, body: change.body?.(text) ?? text });
}
