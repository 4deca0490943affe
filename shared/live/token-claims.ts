import type { JWTPayload } from 'jose';
import type { AccessTokenClaims, TokenRefusal, TokenVerdict } from '../ports/tokens.ts';

/** The longest subject, client id or token id that is taken. */
const nameMaxLength = 255;

/** Where issuers name the client, in the order in which they are read: RFC 9068, OpenID Connect, Entra ID, Okta. */
const clientClaims = ['client_id', 'azp', 'appid', 'cid'] as const;

/**
 * Judges what remains once signature and issuer are known to be right: times, audience and the form of each claim.
 * `leewaySeconds` is the difference that an outside issuer's clock may have; null for our own tokens, which expire to the second.
 */
export function judgeClaims(
  payload: JWTPayload,
  expected: { readonly audience: string; readonly now: number; readonly leewaySeconds: number | null },
): TokenVerdict {
  const { exp, nbf, iat } = payload;
  const leewayMs = (expected.leewaySeconds ?? 0) * 1_000;
  if (!isTime(exp)) return wrong('exp', 'must be a number of seconds');
  if (exp * 1_000 + leewayMs <= expected.now) return { ok: false, reason: 'expired' };
  for (const [claim, time] of Object.entries({ nbf, iat })) {
    if (time === undefined) continue;
    if (!isTime(time)) return wrong(claim, 'must be a number of seconds');
    if (expected.leewaySeconds !== null && time * 1_000 > expected.now + leewayMs)
      return { ok: false, reason: 'not_yet_valid', claim, detail: 'is ahead of the clock here' };
  }
  const audiences = [payload.aud].flat();
  if (!audiences.every((audience) => typeof audience === 'string'))
    return wrong('aud', 'must be text or a list of texts');
  if (!audiences.includes(expected.audience)) return { ok: false, reason: 'audience' };
  return claimsOf(payload, expected.audience, exp);
}

function claimsOf(payload: JWTPayload, audience: string, exp: number): TokenVerdict {
  const { iss, sub, iat, jti, roles, stream_until } = payload as Record<string, unknown>;
  if (!isName(sub)) return wrong('sub', `must be text of 1 to ${nameMaxLength} characters`);
  const clientClaim = clientClaims.find((claim) => payload[claim] !== undefined) ?? 'sub';
  const clientId = payload[clientClaim];
  if (!isName(clientId)) return wrong(clientClaim, `must be text of 1 to ${nameMaxLength} characters`);
  if (jti !== undefined && !isName(jti))
    return wrong('jti', `must be text of 1 to ${nameMaxLength} characters`);
  const scopeClaim = payload.scope === undefined ? 'scp' : 'scope';
  const scope = scopeOf(payload[scopeClaim]);
  if (scope === null) return wrong(scopeClaim, 'must be text or a list of texts');
  const names = rolesOf(roles);
  if (names === null)
    return wrong('roles', 'must be a role, or a list of roles as text or as {"value": text}');
  if (stream_until !== undefined && !isTime(stream_until))
    return wrong('stream_until', 'must be a number of seconds');
  const claims: AccessTokenClaims = {
    iss: String(iss),
    aud: audience,
    sub,
    client_id: clientId,
    scope,
    iat: Number(iat ?? 0),
    exp,
    jti: jti ?? '',
    ...(names === undefined ? {} : { roles: names }),
    ...(stream_until === undefined ? {} : { stream_until }),
  };
  return { ok: true, claims };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= nameMaxLength;
}

function scopeOf(value: unknown = ''): string | null {
  if (typeof value === 'string') return value;
  const isList = Array.isArray(value) && value.every((scope) => typeof scope === 'string');
  return isList ? value.join(' ') : null;
}

/** RFC 9068 takes roles from SCIM (RFC 7643): names, or objects whose `value` is the name. Null for any other form; undefined without the claim. */
function rolesOf(value: unknown): string[] | null | undefined {
  if (value === undefined) return undefined;
  const names = (Array.isArray(value) ? value : [value]).map((role: unknown) =>
    typeof role === 'string' ? role : (role as { value?: unknown } | null)?.value,
  );
  return names.every((name) => typeof name === 'string') ? names : null;
}

function wrong(claim: string, detail: string): TokenRefusal {
  return { ok: false, reason: 'claim', claim, detail };
}
