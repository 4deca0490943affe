import { z } from 'zod';
import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import { type ProblemName, problemName } from '../../shared/protocol/problem.ts';

/** Renewed this long before it lapses, so that no request leaves with a token that dies on the way. */
const renewBeforeMs = 10_000;

/**
 * `expires_in` is only recommended (RFC 6749 section 5.1), and some servers write it as a string: without one that can be used the
 * token is good until a 401.
 */
const grantSchema = z.object({
  token: z.string().min(1),
  lifeSeconds: z.coerce.number().positive().nullish().catch(null),
});

export interface ClientCredentials {
  /** Of the token endpoint. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space-separated; empty requests every scope of the client. */
  readonly scope: string;
  /** Where id and secret go; default the Basic header. */
  readonly sendIn?: 'basic' | 'body';
  /** More fields of the form. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** JSON Pointers to the token and to its life in seconds; default those of RFC 6749. */
  readonly accessToken?: string;
  readonly expiresInSeconds?: string;
}

/**
 * Only these error codes (RFC 6749 section 5.2), or one of our problem documents, mean refused credentials or a refused
 * request. Anything else (503, 429, a proxy's 403) is temporary.
 */
const refusalSchema = z.union([
  z.object({
    error: z.enum([
      'invalid_request',
      'invalid_client',
      'invalid_grant',
      'unauthorized_client',
      'unsupported_grant_type',
      'invalid_scope',
    ]),
  }),
  z.object({ type: z.string().refine((type) => refusalProblems.has(problemName(type))) }),
]);

const refusalProblems: ReadonlySet<ProblemName | null> = new Set(['unauthorized', 'missing-scope']);

/**
 * The Basic headers to try, in this order: id and secret form-encoded, as RFC 6749 section 2.3.1 wants, and as they are,
 * for servers that do not decode. One where both are the same.
 */
function basicHeaders({ clientId, clientSecret, sendIn }: ClientCredentials): string[] {
  if (sendIn === 'body') return [''];
  const encoded = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const texts = new Set([encoded, `${clientId}:${clientSecret}`]);
  return [...texts].map((text) => `Basic ${Buffer.from(text).toString('base64')}`);
}

/** The token endpoint answered without a token, and not with a refusal. */
export class TokenUnavailable extends TransportError {
  readonly response: Response;

  constructor(response: Response) {
    super('refused', `the token endpoint answered ${response.status} without a token`, false);
    this.response = response;
  }
}

/** No token was issued, so the request that needs it was never sent. */
function unavailable(kind: TransportError['kind'], message: string, cause?: unknown): TransportError {
  return new TransportError(kind, message, false, { cause });
}

function renewAt(now: number, lifeSeconds: number | null): number {
  if (lifeSeconds === null) return Number.POSITIVE_INFINITY;
  const lifeMs = lifeSeconds * 1_000;
  return now + Math.max(lifeMs / 2, lifeMs - renewBeforeMs);
}

export type AccessTokens = ReturnType<typeof accessTokens>;

/** Sends with a token; a 401 costs one refresh, then it stands. Null: the token endpoint refused us. */
export async function sendAuthorised(
  tokens: AccessTokens,
  http: Http,
  make: (token: string) => Request,
): Promise<Response | null> {
  for (let refreshed = false; ; refreshed = true) {
    const token = await tokens.get();
    if (token === null) return null;
    const response = await http(make(token));
    if (response.status !== 401 || refreshed) return response;
    tokens.forget(token);
  }
}

/** OAuth 2.0 client credentials (RFC 6749 section 4.4). One request at a time, shared by all who wait. */
export function accessTokens(deps: { http: Http; clock: Clock; credentials: ClientCredentials }) {
  const { http, clock, credentials } = deps;
  let current: { token: string; renewAt: number } | null = null;
  let asking: Promise<string | null> | null = null;

  async function send(request: Request): Promise<Response> {
    try {
      return await http(request);
    } catch (cause) {
      throw cause instanceof TransportError ? unavailable(cause.kind, cause.message, cause) : cause;
    }
  }

  let headers = basicHeaders(credentials);
  const tokenAt = pointerReader(credentials.accessToken ?? '/access_token');
  const lifeAt = pointerReader(credentials.expiresInSeconds ?? '/expires_in');

  async function ask(): Promise<string | null> {
    for (const authorization of headers) {
      const token = await askWith(authorization);
      if (token === null) continue;
      headers = [authorization];
      return token;
    }
    return null;
  }

  async function askWith(authorization: string): Promise<string | null> {
    const response = await send(
      new Request(credentials.tokenUrl, {
        method: 'POST',
        headers: {
          ...(authorization === '' ? {} : { authorization }),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(credentials.scope === '' ? {} : { scope: credentials.scope }),
          ...(authorization === ''
            ? { client_id: credentials.clientId, client_secret: credentials.clientSecret }
            : {}),
          ...credentials.parameters,
        }).toString(),
      }),
    );
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok && refusalSchema.safeParse(body).success) return null;
    const grant = grantSchema.safeParse({ token: tokenAt(body), lifeSeconds: lifeAt(body) });
    if (!response.ok || !grant.success) throw new TokenUnavailable(response);
    const { token, lifeSeconds } = grant.data;
    current = { token, renewAt: renewAt(clock.now(), lifeSeconds ?? null) };
    return current.token;
  }

  return {
    /** A token, or null when the token endpoint refused us; rejects with TransportError when it gave no answer to that. */
    get(): Promise<string | null> {
      if (current && clock.now() < current.renewAt) return Promise.resolve(current.token);
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    /** What must stand in no text: the client's secret, as it is and as it is sent, and the present token. */
    secrets(): string[] {
      const sent = headers.filter((header) => header !== '').map((header) => header.replace('Basic ', ''));
      return [credentials.clientSecret, ...sent, ...(current === null ? [] : [current.token])];
    },
    /** The token was refused: the next `get` asks for a new one. */
    forget(token: string): void {
      if (current?.token === token) current = null;
    },
  };
}
