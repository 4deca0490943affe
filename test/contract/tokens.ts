import { UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/ports/clock.ts';
import type { AccessTokenClaims, Tokens } from '../../shared/ports/tokens.ts';
import { manualClock } from '../helpers/manual-clock.ts';

export const issuer = 'https://api-iot.test';
export const audience = 'urn:api-iot';
export const startAt = 1_800_000_000_000;
export const claims: AccessTokenClaims = {
  iss: issuer,
  aud: audience,
  sub: 'engine',
  client_id: 'engine',
  scope: 'vehicle:read vehicle:configure',
  iat: startAt / 1000,
  exp: startAt / 1000 + 300,
  jti: 'tok_1',
};

/** What every `Tokens` owes its callers. `open` makes one that signs as `issuer`, with the same key for the same name. */
export function describeTokens(name: string, open: (clock: Clock, key: string) => Promise<Tokens>): void {
  describe(`tokens: ${name}`, () => {
    it('accepts what it signed, also after a restart with the same key', async () => {
      const clock = manualClock(startAt);
      const token = await (await open(clock, 'own')).sign(claims);
      const second = await open(clock, 'own');
      expect(await second.verify(token, { audience })).toEqual({ ok: true, claims });
      expect(await second.verify(token, { audience })).toEqual({ ok: true, claims });
    });

    it('refuses a token from the instant of its expiry, also one that it accepted before', async () => {
      const clock = manualClock(startAt);
      const tokens = await open(clock, 'own');
      const token = await tokens.sign(claims);
      await clock.advance(299_999);
      expect(await tokens.verify(token, { audience })).toEqual({ ok: true, claims });
      await clock.advance(1);
      expect(await tokens.verify(token, { audience })).toEqual({ ok: false, reason: 'expired' });
      const fresh = await open(clock, 'own');
      expect(await fresh.verify(token, { audience })).toEqual({ ok: false, reason: 'expired' });
    });

    it('refuses another audience, also for a token that it accepted before', async () => {
      const tokens = await open(manualClock(startAt), 'own');
      const token = await tokens.sign(claims);
      await tokens.verify(token, { audience });
      expect(await tokens.verify(token, { audience: 'urn:other' })).toEqual({
        ok: false,
        reason: 'audience',
      });
    });

    it('refuses a foreign signature, a foreign issuer, and what is no token', async () => {
      const clock = manualClock(startAt);
      const tokens = await open(clock, 'own');
      const foreign = await open(clock, 'foreign');
      const verdict = (token: string) => tokens.verify(token, { audience });
      expect(await verdict(await foreign.sign(claims))).toEqual({ ok: false, reason: 'signature' });
      const elsewhere = await tokens.sign({ ...claims, iss: 'https://elsewhere.test' });
      expect(await verdict(elsewhere)).toEqual({ ok: false, reason: 'issuer' });
      const [header, , signature] = (await tokens.sign(claims)).split('.');
      const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'all' })).toString('base64url');
      expect(await verdict(`${header}.${forged}.${signature}`)).toEqual({ ok: false, reason: 'signature' });
      const unsigned = new UnsecuredJWT({ ...claims }).encode();
      expect(await verdict(unsigned)).toEqual({ ok: false, reason: 'signature' });
      for (const text of ['', 'a', 'a.b.c', '.'.repeat(9_000)]) {
        expect(await verdict(text)).toEqual({ ok: false, reason: 'malformed' });
      }
    });
  });
}
