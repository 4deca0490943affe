import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Clock } from '../ports/clock.ts';
import type { Http } from '../ports/http.ts';
import { type AccessTokenClaims, KeysUnavailable, type Tokens, type TokenVerdict } from '../ports/tokens.ts';

/** Tokens whose signature was checked; the one used longest ago goes first. */
const verifiedMax = 10_000;
/** Longer texts are no tokens of ours, and are not parsed. */
const tokenMaxLength = 8_192;
const keysTimeoutMs = 5_000;
/** An outside issuer's keys are read again at the earliest after this time when a key is not among them. */
const keysCooldownMs = 30_000;
/** They are read again at the latest after this time. */
const keysMaxAgeMs = 600_000;

export interface TrustedIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
}

export interface JwtTokensOptions {
  readonly clock: Clock;
  /** Our own name as issuer (RFC 8414: the origin of the authorisation server). */
  readonly issuer: string;
  /** From `newSigningKey`; without it a key is made that lives as long as this process. */
  readonly privateKey?: JWK;
  /** Outside issuers whose tokens are accepted too. Their keys are read through `http`. */
  readonly trusted?: readonly TrustedIssuer[];
  readonly http?: Http;
}

/** A private ES256 key with its thumbprint as id, as a JWK to be kept secret. */
export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(key) };
}

/**
 * JWT access tokens (RFC 9068), signed with ES256. Verification is on the path of every request, so the verdict on a
 * signature is remembered; expiry and audience are checked each time.
 */
export async function jwtTokens(options: JwtTokensOptions): Promise<Tokens> {
  const { clock, issuer } = options;
  const signingKey = options.privateKey ?? (await newSigningKey());
  const kid = signingKey.kid ?? (await calculateJwkThumbprint(signingKey));
  const privateKey = await importJWK(signingKey, 'ES256');
  const publicKey = { ...withoutSecret(signingKey), alg: 'ES256', use: 'sig', kid };
  const keysets = new Map<string, Keyset>(
    (options.trusted ?? []).map((trusted) => [trusted.issuer, outsideKeyset(trusted, options.http)]),
  );
  keysets.set(issuer, { find: createLocalJWKSet({ keys: [publicKey] }), algorithms: ['ES256'] });
  const verified = newVerifiedTokens();

  async function verifySignature(token: string, expectedIssuer: string): Promise<JWTPayload> {
    const keyset = keysets.get(expectedIssuer);
    if (!keyset) throw new errors.JWTClaimValidationFailed('unknown issuer', {}, 'iss');
    const { payload } = await jwtVerify(token, keyset.find, {
      issuer: expectedIssuer,
      typ: 'at+jwt',
      algorithms: [...keyset.algorithms],
      requiredClaims: ['exp', 'sub', 'aud'],
      currentDate: new Date(clock.now()),
    });
    return payload;
  }

  return {
    sign: (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey),
    async verify(token, { audience }) {
      const known = verified.find(token);
      if (known) return judge(known, audience, clock.now());
      if (token.length > tokenMaxLength) return { ok: false, reason: 'malformed' };
      try {
        const payload = await verifySignature(token, decodeJwt(token).iss ?? '');
        verified.remember(token, payload);
        return judge(payload, audience, clock.now());
      } catch (error) {
        return refusal(error);
      }
    },
    publicKeys: async () => ({ keys: [publicKey] }),
  };
}

interface Keyset {
  readonly find: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

function outsideKeyset({ jwksUrl }: TrustedIssuer, http: Http | undefined): Keyset {
  if (!http) throw new Error('an outside issuer needs `http`, to read its keys');
  const find = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: keysTimeoutMs,
    cooldownDuration: keysCooldownMs,
    cacheMaxAge: keysMaxAgeMs,
    [customFetch]: (url, init) => http(new Request(url, init as RequestInit)),
  });
  const findOrSay: JWTVerifyGetKey = async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
        throw error;
      }
      throw new KeysUnavailable(`the keys at ${jwksUrl} could not be read`, { cause: error });
    }
  };
  // Signatures with public keys only: an issuer's public key must never serve as an HMAC secret.
  return { find: findOrSay, algorithms: ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] };
}

function withoutSecret(key: JWK): JWK {
  const { d, ...rest } = key;
  return rest;
}

/** What remains to be checked once signature and issuer are known to be right. */
function judge(payload: JWTPayload, audience: string, now: number): TokenVerdict {
  if (payload.exp === undefined || payload.exp * 1000 <= now) return { ok: false, reason: 'expired' };
  if (payload.nbf !== undefined && payload.nbf * 1000 > now) return { ok: false, reason: 'malformed' };
  if (![payload.aud].flat().includes(audience)) return { ok: false, reason: 'audience' };
  const claims = claimsOf(payload, audience);
  return claims ? { ok: true, claims } : { ok: false, reason: 'malformed' };
}

/** Issuers differ: some name the client `azp`, some list the scopes in `scp`. */
function claimsOf(payload: JWTPayload, audience: string): AccessTokenClaims | null {
  const { iss, sub, iat, exp, jti } = payload;
  const clientId = payload.client_id ?? payload.azp;
  const scopes = payload.scope ?? payload.scp ?? '';
  const scope = Array.isArray(scopes) ? scopes.join(' ') : scopes;
  if (!iss || !sub || exp === undefined || typeof clientId !== 'string' || typeof scope !== 'string')
    return null;
  const roles = rolesOf(payload.roles);
  const claims = { iss, aud: audience, sub, client_id: clientId, scope, iat: iat ?? 0, exp, jti: jti ?? '' };
  return roles.length === 0 ? claims : { ...claims, roles };
}

/** RFC 9068 takes them from SCIM: names, or objects whose `value` is the name. Roles only narrow, so one is never overlooked. */
function rolesOf(roles: unknown): string[] {
  return [roles].flat().flatMap((role) => {
    const name = (role as { value?: unknown } | null | undefined)?.value ?? role;
    return typeof name === 'string' ? [name] : [];
  });
}

function refusal(error: unknown): TokenVerdict {
  if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' };
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return { ok: false, reason: 'signature' };
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'iss') {
    return { ok: false, reason: 'issuer' };
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) {
    return { ok: false, reason: 'malformed' };
  }
  throw error;
}

/** A map keeps the order of insertion, so the first key is the one used longest ago. */
function newVerifiedTokens() {
  const payloads = new Map<string, JWTPayload>();
  return {
    find(token: string): JWTPayload | undefined {
      const payload = payloads.get(token);
      if (payload) {
        payloads.delete(token);
        payloads.set(token, payload);
      }
      return payload;
    },
    remember(token: string, payload: JWTPayload): void {
      const oldest = payloads.size >= verifiedMax ? payloads.keys().next().value : undefined;
      if (oldest !== undefined) payloads.delete(oldest);
      payloads.set(token, payload);
    },
  };
}
