import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { maskSecrets } from '../../shared/protocol/known-secrets.ts';
import { namedWaitMs } from '../../shared/protocol/retry-after.ts';
import type { Failure } from '../activation/failure.ts';
import type { Adapter } from '../adapter/adapter.ts';
import { UnreadAnswer } from '../adapter/pick.ts';
import { accessTokens, sendAuthorised } from '../oauth/access-token.ts';
import { type ErrorAnswer, failureOfListed, failureOfResponse, failureOfTransport } from './refusal.ts';

/** An answer, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** An answer, why there is none, or when to ask again. */
export type LimitedAnswer<T> = Answer<T> | { readonly ok: false; readonly retryAt: number };

export interface ApiClientDeps {
  readonly http: Http;
  readonly clock: Clock;
  readonly adapter: Adapter;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Call<T> {
  readonly path: string;
  readonly read: (document: unknown) => T;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** When a rate limit names no time to wait. */
const defaultRetryAfterMs = 60_000;
/** The most that is understood, so that the instant can be written; how long is really waited is the policy's. */
const retryAfterMaxMs = 100 * 365 * 24 * 3_600_000;

const credentialsRefused: Failure = {
  category: 'authorization_failure',
  code: 'credentials_refused',
  message: 'the token endpoint refused the client credentials',
  temporary: false,
  mayHaveSucceeded: false,
};

/** Sends requests to an API IoT with a token, and reads its answers as its adapter says. */
export function apiClient(deps: ApiClientDeps) {
  const { adapter, clock, http, origin, clientId, clientSecret } = deps;
  const { token } = adapter;
  const tokens =
    token === null
      ? null
      : accessTokens({
          http,
          clock,
          credentials: {
            ...{ clientId, clientSecret, scope: token.scope, sendIn: token.client },
            ...{ parameters: token.parameters, accessToken: token.accessToken },
            expiresInSeconds: token.expiresInSeconds,
            tokenUrl: token.path.startsWith('/') ? `${origin}${token.path}` : token.path,
          },
        });
  const common = { accept: 'application/json', ...adapter.headers({ clientId, clientSecret }) };

  /** An answer may repeat what it was asked with. */
  const masked = (failure: Failure): Failure => ({
    ...failure,
    message: maskSecrets(failure.message, tokens?.secrets() ?? [clientSecret]),
  });

  function send<T>({ path, method = 'GET', headers, body }: Call<T>): Promise<Response | null> {
    const make = (authorization: Record<string, string>) =>
      new Request(`${origin}${path}`, {
        method,
        headers: { ...common, ...headers, ...authorization },
        ...(body === undefined ? {} : { body }),
      });
    if (tokens === null || token === null) return http(make({}));
    return sendAuthorised(tokens, http, (text) => make({ [token.header]: `${token.prefix}${text}` }));
  }

  async function call<T>(asked: Call<T>): Promise<LimitedAnswer<T>> {
    try {
      const response = await send(asked);
      if (response === null) return { ok: false, failure: credentialsRefused };
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) return readAnswer(asked, body);
      const code = adapter.errors.code(body);
      const meaning = adapter.errors.codes.find([code, response.status]);
      if (meaning === 'rate_limit') {
        const now = clock.now();
        return { ok: false, retryAt: now + retryAfterMs(adapter, response, body, now) };
      }
      const answer = errorAnswerOf(response, body);
      const listed = meaning && failureOfListed(answer, meaning, code, adapter.errors.message(body));
      return { ok: false, failure: masked(listed ?? failureOfResponse(answer)) };
    } catch (error) {
      if (error instanceof TransportError) return { ok: false, failure: failureOfTransport(error) };
      throw error;
    }
  }

  function readAnswer<T>({ path, read }: Call<T>, body: unknown): LimitedAnswer<T> {
    try {
      return { ok: true, value: read(body) };
    } catch (error) {
      if (!(error instanceof UnreadAnswer)) throw error;
      const what = error.message === '' ? '' : `: it ${error.message}`;
      const detail = `the API IoT's answer to ${path} has another shape than documented${what}`;
      return { ok: false, failure: failureOfResponse({ status: 502, body: { detail } }) };
    }
  }

  return {
    call,
    /** For reads a rate limit is a temporary failure like any other. */
    async read<T>(asked: Call<T>): Promise<Answer<T>> {
      const answer = await call(asked);
      return 'retryAt' in answer
        ? { ok: false, failure: failureOfResponse({ status: 503, body: { detail: 'too many requests' } }) }
        : answer;
    },
  };
}

function errorAnswerOf(response: Response, body: unknown): ErrorAnswer {
  return {
    status: response.status,
    body,
    contentType: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
  };
}

/** Our own API IoT says it to the millisecond in the problem; else Retry-After in seconds or as an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterMs(adapter: Adapter, response: Response, body: unknown, now: number): number {
  const asked = askedWaitMs(adapter, response, body, now);
  // Whole milliseconds: an instant is saved as an integer.
  return Math.min(Math.max(0, Math.ceil(asked)), retryAfterMaxMs);
}

function askedWaitMs({ errors }: Adapter, response: Response, body: unknown, now: number): number {
  const exact = (body as { retryAfterMs?: unknown } | null)?.retryAfterMs;
  if (typeof exact === 'number' && exact >= 0) return exact;
  const seconds = errors.retryAfterSeconds(body);
  if (typeof seconds === 'number' && seconds >= 0) return seconds * 1_000;
  return namedWaitMs(response.headers.get('retry-after'), now) ?? defaultRetryAfterMs;
}
