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
import { KeysUnavailable, type TokenRefusal, type Tokens } from '../ports/tokens.ts';
import { maskedText } from '../protocol/address.ts';
import { judgeClaims } from './token-claims.ts';

/** Tokens whose signature was checked; the one used longest ago goes first. */
const verifiedMax = 10_000;
/** Longest token; longer texts are refused without parsing. */
const tokenMaxLength = 8_192;
const keysTimeoutMs = 5_000;
/** An outside issuer's keys are read again at the earliest after this time when a key is not among them. */
const keysCooldownMs = 30_000;
/** They are read again at the latest after this time. */
const keysMaxAgeMs = 600_000;

/** Default of the allowed clock difference to an outside issuer. */
export const leewayDefaultSeconds = 30;

/** What `typ` an outside issuer's access tokens may have: RFC 9068, plain JWT (RFC 7519), or none. */
const outsideTypes: readonly (string | undefined)[] = [
  'at+jwt',
  'application/at+jwt',
  'jwt',
  'application/jwt',
  undefined,
];

export interface TrustedIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Allowed for exp, nbf and iat; default `leewayDefaultSeconds`. */
  readonly leewaySeconds?: number;
}

export interface JwtTokensOptions {
  readonly clock: Clock;
  /** Our own name as issuer (RFC 8414: the origin of the authorisation server). */
  readonly issuer: string;
  /** From `newSigningKey`; without it, a key for this process only. */
  readonly privateKey?: JWK;
  /**
   * Accepts what our key has signed under any name: for services that share the key and have no common public URL. Without
   * it only `issuer` is ours.
   */
  readonly acceptsOwnKeyAlone?: boolean;
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
  const own: Keyset = {
    find: createLocalJWKSet({ keys: [publicKey] }),
    algorithms: ['ES256'],
    types: ['at+jwt'],
    leewaySeconds: null,
  };
  keysets.set(issuer, own);
  const verified = newVerifiedTokens();

  async function verifySignature(token: string): Promise<Verified> {
    const { iss } = decodeJwt(token);
    const keyset = keysets.get(String(iss)) ?? (options.acceptsOwnKeyAlone ? own : undefined);
    if (typeof iss !== 'string' || !keyset)
      throw new errors.JWTClaimValidationFailed('unknown issuer', {}, 'iss');
    const { payload, protectedHeader } = await jwtVerify(token, keyset.find, {
      algorithms: [...keyset.algorithms],
      requiredClaims: ['exp', 'sub', 'aud'],
      currentDate: new Date(clock.now()),
      // Times are judged afterwards, at each use.
      clockTolerance: Number.MAX_SAFE_INTEGER,
    });
    const { typ } = protectedHeader;
    if (!keyset.types.includes(typ?.toLowerCase()))
      throw new errors.JWTClaimValidationFailed(`must be ${typesText(keyset)}`, {}, 'typ');
    return { payload, leewaySeconds: keyset.leewaySeconds };
  }

  const judge = ({ payload, leewaySeconds }: Verified, audience: string) =>
    judgeClaims(payload, { audience, now: clock.now(), leewaySeconds });

  return {
    sign: (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey),
    async verify(token, { audience }) {
      const known = verified.find(token);
      if (known) return judge(known, audience);
      if (token.length > tokenMaxLength) return { ok: false, reason: 'malformed' };
      try {
        const found = await verifySignature(token);
        verified.remember(token, found);
        return judge(found, audience);
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
  /** In lower case: media types have no case (RFC 7515 section 4.1.9). */
  readonly types: readonly (string | undefined)[];
  readonly leewaySeconds: number | null;
}

/** A payload whose signature and issuer are right. */
interface Verified {
  readonly payload: JWTPayload;
  readonly leewaySeconds: number | null;
}

function typesText({ types }: Keyset): string {
  return types.map((type) => type ?? 'left out').join(', ');
}

function outsideKeyset(trusted: TrustedIssuer, http: Http | undefined): Keyset {
  const { jwksUrl, leewaySeconds = leewayDefaultSeconds } = trusted;
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
      const why = error instanceof Error ? error.message : String(error);
      throw new KeysUnavailable(maskedText(`the keys at ${jwksUrl} could not be read: ${why}`), {
        cause: error,
      });
    }
  };
  // Signatures with public keys only: an issuer's public key must never serve as an HMAC secret.
  return {
    find: findOrSay,
    algorithms: ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'],
    types: outsideTypes,
    leewaySeconds,
  };
}

function withoutSecret(key: JWK): JWK {
  const { d, ...rest } = key;
  return rest;
}

function refusal(error: unknown): TokenRefusal {
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return { ok: false, reason: 'signature' };
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return { ok: false, reason: 'issuer' };
    const detail = error.reason === 'missing' ? 'is missing' : error.message.replace(/^"\w+" claim /, '');
    return { ok: false, reason: 'claim', claim: error.claim, detail };
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) {
    return { ok: false, reason: 'malformed' };
  }
  throw error;
}

/** A map keeps the order of insertion, so the first key is the one used longest ago. */
function newVerifiedTokens() {
  const tokens = new Map<string, Verified>();
  return {
    find(token: string): Verified | undefined {
      const found = tokens.get(token);
      if (found) {
        tokens.delete(token);
        tokens.set(token, found);
      }
      return found;
    },
    remember(token: string, found: Verified): void {
      const oldest = tokens.size >= verifiedMax ? tokens.keys().next().value : undefined;
      if (oldest !== undefined) tokens.delete(oldest);
      tokens.set(token, found);
    },
  };
}
