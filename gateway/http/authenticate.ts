import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import {
  type AccessTokenClaims,
  KeysUnavailable,
  type TokenRefusal,
  type Tokens,
  type TokenVerdict,
} from '../../shared/ports/tokens.ts';
import type { App, AppEnv, Caller } from './app-env.ts';
import { countedWarnings } from './counted-warnings.ts';
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
function unauthorized(detail: string, ...parameters: readonly string[]) {
  const challenge = ['Bearer realm="fleetwake"', ...parameters].join(', ');
  return problemError('unauthorized', detail, {}, { 'www-authenticate': challenge });
}

function refused({ reason, claim, detail }: TokenRefusal) {
  if (claim === undefined) {
    return unauthorized(`The access token is not valid (${reason}). Get a new one.`, 'error="invalid_token"');
  }
  const why = `claim ${claim} ${detail ?? 'is wrong'}`;
  return unauthorized(
    `The access token is not valid: ${why}.`,
    'error="invalid_token"',
    // RFC 6750 section 3 allows no quotes in it.
    `error_description="${why.replaceAll('"', "'")}"`,
  );
}

/** Role of a token for one customer, its `sub`. */
export const customerRole = 'customer';

/** The scopes that each role may reach. */
export type RoleScopes = Readonly<Record<string, readonly string[]>>;

/** A token without roles reaches its scopes; one with roles only those of them that its roles may reach, and unknown roles none. */
export function callerOf(claims: AccessTokenClaims, roleScopes: RoleScopes): Caller {
  const { roles } = claims;
  const isCustomer = roles?.includes(customerRole) ?? false;
  // For tokens of every issuer: a route that does not tell customers apart is closed to them, other roles or not.
  const counted = isCustomer ? [customerRole] : roles;
  const reach =
    counted &&
    new Set(counted.flatMap((role) => (Object.hasOwn(roleScopes, role) ? (roleScopes[role] ?? []) : [])));
  const scopes = claims.scope.split(' ').filter((scope) => reach?.has(scope) ?? true);
  return {
    clientId: claims.client_id,
    customerId: isCustomer ? claims.sub : null,
    expiresAt: claims.exp * 1_000,
    scopes: new Set(scopes),
  };
}

/**
 * Checks Bearer tokens (RFC 6750) with the Tokens port: 401 with WWW-Authenticate for a missing, malformed, expired or
 * foreign token, 403 `missing-scope` for one that does not reach far enough. A refused token is logged with the claim
 * that is wrong.
 */
export function newAuthenticator(deps: {
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly log: Log;
  readonly audience: string;
  /** What tokens with roles may reach: nothing with a role that is not here. */
  readonly roleScopes?: RoleScopes;
}): Authenticator {
  const { tokens, clock, audience, roleScopes = {} } = deps;
  const cache = new Map<string, Known>();
  const warn = countedWarnings(deps);

  async function authenticate(header: string | undefined): Promise<Caller> {
    const token = header === undefined ? undefined : /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
    if (token === undefined) throw unauthorized('Send an access token: Authorization: Bearer TOKEN.');
    const now = clock.now();
    const known = cache.get(token);
    if (known !== undefined && now < known.until) return known.caller;
    const verdict = await verifyToken(tokens, token, audience, ({ message }) =>
      warn('http.issuer_keys_not_read', { message }),
    );
    if (!verdict.ok) {
      cache.delete(token);
      const { ok: _, ...why } = verdict;
      // Tokens expire in the normal course of things.
      if (verdict.reason !== 'expired') warn('http.token_refused', why);
      throw refused(verdict);
    }
    const caller = callerOf(verdict.claims, roleScopes);
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

/** Keys that cannot be read say nothing about the token: the caller may try again, and only the operator learns why. */
export async function verifyToken(
  tokens: Tokens,
  token: string,
  audience: string,
  onKeysUnavailable: (error: KeysUnavailable) => void = () => {},
): Promise<TokenVerdict> {
  try {
    return await tokens.verify(token, { audience });
  } catch (error) {
    if (!(error instanceof KeysUnavailable)) throw error;
    onKeysUnavailable(error);
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
