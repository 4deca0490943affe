import { z } from 'zod';
import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';

/** Renewed this long before it lapses, so that no request leaves with a token that dies on the way. */
const renewBeforeMs = 10_000;

const grantSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

export interface ClientCredentials {
  /** Of the token endpoint. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space-separated; empty asks for all that the client may have. */
  readonly scope: string;
}

/** Our credentials or our wish are wrong (RFC 6749 section 5.2). Everything else (503, 429) passes, and refuses nobody. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403]);

/** Whatever became of the token: the request that it was wanted for never left. */
function unavailable(kind: TransportError['kind'], message: string, cause?: unknown): TransportError {
  return new TransportError(kind, message, false, { cause });
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

  async function ask(): Promise<string | null> {
    const basic = [credentials.clientId, credentials.clientSecret].map(encodeURIComponent).join(':');
    const response = await send(
      new Request(credentials.tokenUrl, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(credentials.scope === '' ? {} : { scope: credentials.scope }),
        }).toString(),
      }),
    );
    const grant = grantSchema.safeParse(await response.json().catch(() => null));
    if (refusals.has(response.status)) return null;
    if (!response.ok || !grant.success)
      throw unavailable('refused', `the token endpoint answered ${response.status} without a token`);
    const lifeMs = grant.data.expires_in * 1_000;
    current = {
      token: grant.data.access_token,
      renewAt: clock.now() + Math.max(lifeMs / 2, lifeMs - renewBeforeMs),
    };
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
    /** The token was refused: the next `get` asks for a new one. */
    forget(token: string): void {
      if (current?.token === token) current = null;
    },
  };
}
