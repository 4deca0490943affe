import { accessTokens, sendAuthorised } from '../../gateway/oauth/access-token.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or null without any. */
  readonly body: unknown;
  /** As it came. */
  readonly text: string;
}

/** The origin answers, and knows no client with this id and secret. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused';
  readonly origin: string;

  constructor(origin: string, clientId: string) {
    super(`${origin} refused the client "${clientId}": check its secret`);
    this.origin = origin;
  }
}

export interface ApiClient {
  get(path: string): Promise<ApiAnswer>;
  /** `key` becomes the Idempotency-Key. */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, key?: string): Promise<ApiAnswer>;
}

/** A client of one of our HTTP surfaces with its own credentials; every answer that came is data. */
export function apiClient(deps: {
  readonly http: Http;
  readonly clock: Clock;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space-separated; empty requests every scope of the client. */
  readonly scope?: string;
}): ApiClient {
  const { http, clock, origin, clientId, clientSecret, scope = '' } = deps;
  const tokens = accessTokens({
    http,
    clock,
    credentials: { tokenUrl: `${origin}/oauth/token`, clientId, clientSecret, scope },
  });

  async function call(path: string, init: RequestInit, headers: Record<string, string>): Promise<ApiAnswer> {
    const response = await sendAuthorised(
      tokens,
      http,
      (token) =>
        new Request(`${origin}${path}`, {
          ...init,
          headers: { ...headers, authorization: `Bearer ${token}` },
        }),
    );
    if (response === null) throw new ClientRefused(origin, clientId);
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text ? JSON.parse(text) : null,
      text,
    };
  }

  return {
    get: (path) => call(path, {}, {}),
    send: (method, path, body, key) =>
      call(
        path,
        { method, body: JSON.stringify(body) },
        { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
      ),
  };
}
