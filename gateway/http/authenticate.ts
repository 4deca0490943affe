import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../../shared/ports/clock.ts';
import {
  type AccessTokenClaims,
  KeysUnavailable,
  type Tokens,
  type TokenVerdict,
} from '../../shared/ports/tokens.ts';
import type { App, AppEnv, Caller } from './app-env.ts';
import { problemError } from './problem.ts';

export interface Authenticator {
  /** Lets a request through only with a valid token that has the scope; leaves `caller` in the context. */
  requireScope(scope: string): MiddlewareHandler<AppEnv>;
}

/** Verified tokens kept, so that a client's token costs one signature check and not one a request. */
const cacheMax = 1_000;
/** A kept token is verified again after this time, so that a withdrawn key is noticed. */
const cacheMs = 60_000;

interface Known {
  readonly caller: Caller;
  readonly until: number;
}

/** RFC 6750 section 3: without a token only the scheme is named, with a bad one also the error. */
function unauthorized(detail: string, error?: string) {
  const challenge =
    error === undefined ? 'Bearer realm="fleetwake"' : `Bearer realm="fleetwake", error="${error}"`;
  return problemError('unauthorized', detail, {}, { 'www-authenticate': challenge });
}

/** The role of a token that speaks for one customer, its `sub`. */
export const customerRole = 'customer';

function callerOf(claims: AccessTokenClaims, customerScopes: readonly string[]): Caller {
  const isCustomer = claims.roles?.includes(customerRole) ?? false;
  const scopes = claims.scope.split(' ');
  return {
    clientId: claims.client_id,
    customerId: isCustomer ? claims.sub : null,
    expiresAt: claims.exp * 1_000,
    // Whoever issued it: a route that does not tell customers apart is closed to them.
    scopes: new Set(isCustomer ? scopes.filter((scope) => customerScopes.includes(scope)) : scopes),
  };
}

/**
 * Checks Bearer tokens (RFC 6750) with the Tokens port: 401 with WWW-Authenticate for a missing, malformed, expired or
 * foreign token, 403 `missing-scope` for one that does not reach far enough.
 */
export function newAuthenticator(deps: {
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly audience: string;
  /** The scopes whose routes show a customer's token only what is theirs; none unless given. */
  readonly customerScopes?: readonly string[];
}): Authenticator {
  const { tokens, clock, audience, customerScopes = [] } = deps;
  const cache = new Map<string, Known>();

  async function authenticate(header: string | undefined): Promise<Caller> {
    const token = header === undefined ? undefined : /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
    if (token === undefined) throw unauthorized('Send an access token: Authorization: Bearer TOKEN.');
    const now = clock.now();
    const known = cache.get(token);
    if (known !== undefined && now < known.until) return known.caller;
    const verdict = await verify(tokens, token, audience);
    if (!verdict.ok) {
      cache.delete(token);
      throw unauthorized(
        `The access token is not valid (${verdict.reason}). Get a new one.`,
        'invalid_token',
      );
    }
    const caller = callerOf(verdict.claims, customerScopes);
    if (cache.size >= cacheMax) cache.clear();
    cache.set(token, { caller, until: Math.min(caller.expiresAt, now + cacheMs) });
    return caller;
  }

  return {
    requireScope: (scope) => async (context, next) => {
      const caller = await authenticate(context.req.header('authorization'));
      if (!caller.scopes.has(scope)) {
        const challenge = `Bearer realm="fleetwake", error="insufficient_scope", scope="${scope}"`;
        throw problemError(
          'missing-scope',
          `This needs the scope ${scope}.`,
          { scope },
          { 'www-authenticate': challenge },
        );
      }
      context.set('caller', caller);
      await next();
    },
  };
}

/** Keys that cannot be read say nothing about the token: the caller may try again. */
async function verify(tokens: Tokens, token: string, audience: string): Promise<TokenVerdict> {
  try {
    return await tokens.verify(token, { audience });
  } catch (error) {
    if (!(error instanceof KeysUnavailable)) throw error;
    throw problemError(
      'unavailable',
      "The issuer's keys cannot be read now. Try again.",
      {},
      { 'retry-after': '5' },
    );
  }
}

/** The name under which routes ask for a token in OpenAPI: `security: [{ oauth: ['vehicle:read'] }]`. */
const securityScheme = 'oauth';

/** Declares the client credentials flow in the app's OpenAPI document. */
export function declareSecurity(
  app: App,
  options: { tokenUrl: string; scopes: Record<string, string> },
): void {
  app.openAPIRegistry.registerComponent('securitySchemes', securityScheme, {
    type: 'oauth2',
    flows: { clientCredentials: { tokenUrl: options.tokenUrl, scopes: options.scopes } },
  });
}

/** `security` of a route that needs this scope. */
export const securityFor = (scope: string) => [{ [securityScheme]: [scope] }];
