import { createHmac } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { AccessTokenClaims, TokenRefusal, Tokens } from '../ports/tokens.ts';

export interface VirtualTokensOptions {
  readonly clock: Clock;
  readonly issuer: string;
  /** Both sides know it: the same key after a restart verifies what was signed before. */
  readonly key: string;
}

/** As long as the live implementation takes. */
const tokenMaxLength = 8_192;
const protectedHeader = encode({ alg: 'HS256', typ: 'at+jwt' });

/**
 * JWT access tokens signed with HMAC-SHA-256, which Node computes on the calling thread; ES256 by WebCrypto would need
 * the thread pool. Verdicts are the live implementation's. A shared key is never published.
 */
export function virtualTokens({ clock, issuer, key }: VirtualTokensOptions): Tokens {
  const signatureOf = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    async sign(claims) {
      const text = `${protectedHeader}.${encode(claims)}`;
      return `${text}.${signatureOf(text)}`;
    },
    async verify(token, { audience }) {
      const [header = '', body = '', signature, ...rest] = token.split('.');
      if (token.length > tokenMaxLength || signature === undefined || rest.length > 0)
        return refused('malformed');
      const head = decode(header) as { alg?: unknown; typ?: unknown } | null;
      const claims = decode(body) as AccessTokenClaims | null;
      if (head === null || claims === null) return refused('malformed');
      if (claims.iss !== issuer) return refused('issuer');
      if (head.alg !== 'HS256' || signature !== signatureOf(`${header}.${body}`)) return refused('signature');
      if (head.typ !== 'at+jwt') return refused('malformed');
      if (claims.exp * 1000 <= clock.now()) return refused('expired');
      return claims.aud === audience ? { ok: true, claims } : refused('audience');
    },
    publicKeys: async () => ({ keys: [] }),
  };
}

function refused(reason: TokenRefusal['reason']): TokenRefusal {
  return { ok: false, reason };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An object, or null for what is none. */
function decode(text: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
