import { errors, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../shared/ports/clock.ts';
import type { AccessTokenClaims, Tokens } from '../../shared/ports/tokens.ts';

/** Real ES256 tokens on the test's own clock. */
export async function signedTokens(clock: Clock, issuer: string): Promise<Tokens> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  return {
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'test' })
        .sign(privateKey),
    async verify(token, { audience }) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          issuer,
          audience,
          typ: 'at+jwt',
          currentDate: new Date(clock.now()),
        });
        return { ok: true, claims: payload as unknown as AccessTokenClaims };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' };
        if (error instanceof errors.JWSSignatureVerificationFailed) return { ok: false, reason: 'signature' };
        if (error instanceof errors.JWTClaimValidationFailed) {
          return { ok: false, reason: error.claim === 'aud' ? 'audience' : 'issuer' };
        }
        return { ok: false, reason: 'malformed' };
      }
    },
    publicKeys: async () => ({ keys: [jwk] }),
  };
}
