import { decodeJwt } from 'jose';
import { callerOf } from '../../../gateway/http/authenticate.ts';
import { accessTokens, sendAuthorised } from '../../../gateway/oauth/access-token.ts';
import { roleScopes } from '../../../gateway/platform/scopes.ts';
import { type Clock, wallNow } from '../../../shared/ports/clock.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { AccessTokenClaims } from '../../../shared/ports/tokens.ts';

/** A service with tokens of its own. */
export type Surface = 'platform' | 'apiIot';

export interface Origins {
  readonly platform: string;
  readonly apiIot: string;
}

/** The rights of one session: its own tokens, so that it can do what the roles of the API allow and no more. */
export interface Access {
  /** The client, or the subject of the token, for the page to show. */
  readonly name: string;
  /** Sends with the session's token for the surface. Null: the surface does not accept this session. */
  send(surface: Surface, make: (token: string) => Request): Promise<Response | null>;
  /** The platform's scopes that the token reaches, its roles considered. Empty where the token is none that can be read. */
  scopes(): Promise<ReadonlySet<string>>;
}

interface AccessDeps {
  readonly http: Http;
  readonly clock: Clock;
  readonly origins: Origins;
}

/** Access with the id and the secret of an OAuth client, which get new tokens for as long as the session lasts. */
export function clientAccess(
  { http, clock, origins }: AccessDeps,
  client: { readonly clientId: string; readonly clientSecret: string },
): Access {
  const tokensAt = (origin: string) =>
    accessTokens({ http, clock, credentials: { ...client, tokenUrl: `${origin}/oauth/token`, scope: '' } });
  const tokens = { platform: tokensAt(origins.platform), apiIot: tokensAt(origins.apiIot) };
  return {
    name: client.clientId,
    send: (surface, make) => sendAuthorised(tokens[surface], http, make),
    scopes: async () => scopesOf(await tokens.platform.get()),
  };
}

/**
 * Access with a token of the platform that its owner has already, until it expires. The API IoT has tokens of its own, so it is out
 * of reach.
 */
export function tokenAccess({ http, clock }: Pick<AccessDeps, 'http' | 'clock'>, token: string): Access {
  const expiresAt = (claimsOf(token)?.exp ?? 0) * 1_000;
  return {
    name: subjectOf(token),
    send: async (surface, make) => (surface === 'platform' ? http(make(token)) : null),
    // The platform refuses an expired one itself; the faults are asked with the console's own credential.
    scopes: async () => (wallNow(clock) < expiresAt ? scopesOf(token) : new Set()),
  };
}

/** The scopes of a token that the platform has issued or accepted: its signature is checked there, with each request. */
function scopesOf(token: string | null): ReadonlySet<string> {
  const claims = token === null ? null : claimsOf(token);
  return claims === null ? new Set() : callerOf(claims, roleScopes).scopes;
}

function subjectOf(token: string): string {
  return claimsOf(token)?.sub ?? 'token';
}

function claimsOf(token: string): AccessTokenClaims | null {
  try {
    const { sub = '', exp = 0, scope, roles, ...rest } = decodeJwt<Partial<AccessTokenClaims>>(token);
    const claims = { client_id: sub, iss: '', aud: '', iat: 0, jti: '', ...rest, sub, exp };
    return {
      ...(claims as Omit<AccessTokenClaims, 'scope'>),
      scope: typeof scope === 'string' ? scope : '',
      ...(Array.isArray(roles) ? { roles } : {}),
    };
  } catch {
    return null;
  }
}
