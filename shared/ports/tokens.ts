/** Signs and verifies JWT access tokens (RFC 9068). A port because WebCrypto works on a thread pool. */
export interface Tokens {
  /** The signed compact JWT; `claims` already hold iss, aud, sub, client_id, scope, iat, exp, jti (seconds). */
  sign(claims: AccessTokenClaims): Promise<string>;
  /**
   * Checks signature, type, issuer, audience, times and the form of the claims. A bad token is data, not an exception;
   * rejects only with `KeysUnavailable`.
   */
  verify(token: string, expected: { audience: string }): Promise<TokenVerdict>;
  /** The public keys (JWKS) for `/.well-known/jwks.json`. */
  publicKeys(): Promise<{ keys: readonly Record<string, unknown>[] }>;
}

export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string;
  /** Subject of the token: the client itself, or the customer for whom it was exchanged. */
  readonly sub: string;
  readonly client_id: string;
  /** What the subject is here (RFC 9068 section 2.2.3.1). Absent in tokens of issuers that name none. */
  readonly roles?: readonly string[];
  /** Who asked for it on the subject's behalf (RFC 8693 section 4.1). */
  readonly act?: { readonly sub: string };
  /** Space-separated scopes. */
  readonly scope: string;
  /** Of a ticket for the stream of events: the instant when the token that it stands for expires. */
  readonly stream_until?: number;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

export type TokenVerdict = { readonly ok: true; readonly claims: AccessTokenClaims } | TokenRefusal;

export interface TokenRefusal {
  readonly ok: false;
  readonly reason: 'expired' | 'not_yet_valid' | 'malformed' | 'signature' | 'issuer' | 'audience' | 'claim';
  /** The claim (or the header field `typ`) that is wrong, where one is. */
  readonly claim?: string;
  /** What is wrong with it, as the end of a sentence that begins with its name. */
  readonly detail?: string;
}

/** The keys of an outside issuer could not be read, so nothing is known of a token. Retryable. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}
