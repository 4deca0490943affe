import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwtTokens, newSigningKey } from '../../shared/live/tokens.ts';
import type { AccessTokenClaims } from '../../shared/ports/tokens.ts';
import { KeysUnavailable } from '../../shared/ports/tokens.ts';
import { manualClock } from '../support/manual-clock.ts';

const issuer = 'https://api-iot.test';
const audience = 'urn:api-iot';
const startAt = 1_800_000_000_000;
const claims: AccessTokenClaims = {
  iss: issuer,
  aud: audience,
  sub: 'engine',
  client_id: 'engine',
  scope: 'vehicle:read vehicle:configure',
  iat: startAt / 1000,
  exp: startAt / 1000 + 300,
  jti: 'tok_1',
};

async function outsideIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'out', alg: 'RS256', use: 'sig' }] };
  const sign = (payload: Record<string, unknown>, typ = 'at+jwt') =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ, kid: 'out' }).sign(privateKey);
  return { keys, sign };
}

describe('tokens: jose', () => {
  it('accepts what it signed, also after a restart with the same key', async () => {
    const clock = manualClock(startAt);
    const privateKey = await newSigningKey();
    const first = await jwtTokens({ clock, issuer, privateKey });
    const token = await first.sign(claims);
    const second = await jwtTokens({ clock, issuer, privateKey: JSON.parse(JSON.stringify(privateKey)) });
    expect(await second.verify(token, { audience })).toEqual({ ok: true, claims });
    expect(await second.verify(token, { audience })).toEqual({ ok: true, claims });
  });

  it('publishes the public key only', async () => {
    const tokens = await jwtTokens({ clock: manualClock(startAt), issuer });
    const [key, ...rest] = (await tokens.publicKeys()).keys;
    expect(rest).toEqual([]);
    expect(Object.keys(key ?? {}).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ]);
  });

  it('refuses a token from the instant of its expiry, also one that it accepted before', async () => {
    const clock = manualClock(startAt);
    const privateKey = await newSigningKey();
    const tokens = await jwtTokens({ clock, issuer, privateKey });
    const token = await tokens.sign(claims);
    await clock.advance(299_999);
    expect(await tokens.verify(token, { audience })).toEqual({ ok: true, claims });
    await clock.advance(1);
    expect(await tokens.verify(token, { audience })).toEqual({ ok: false, reason: 'expired' });
    const fresh = await jwtTokens({ clock, issuer, privateKey });
    expect(await fresh.verify(token, { audience })).toEqual({
      ok: false,
      reason: 'expired',
    });
  });

  it('refuses another audience, also for a token that it accepted before', async () => {
    const tokens = await jwtTokens({ clock: manualClock(startAt), issuer });
    const token = await tokens.sign(claims);
    await tokens.verify(token, { audience });
    expect(await tokens.verify(token, { audience: 'urn:other' })).toEqual({ ok: false, reason: 'audience' });
  });

  it('refuses a foreign signature, a foreign issuer, and what is no token', async () => {
    const clock = manualClock(startAt);
    const tokens = await jwtTokens({ clock, issuer });
    const foreign = await jwtTokens({ clock, issuer });
    const verdict = (token: string) => tokens.verify(token, { audience });
    expect(await verdict(await foreign.sign(claims))).toEqual({ ok: false, reason: 'signature' });
    const elsewhere = await tokens.sign({ ...claims, iss: 'https://elsewhere.test' });
    expect(await verdict(elsewhere)).toEqual({ ok: false, reason: 'issuer' });
    const [header, , signature] = (await tokens.sign(claims)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'all' })).toString('base64url');
    expect(await verdict(`${header}.${forged}.${signature}`)).toEqual({ ok: false, reason: 'signature' });
    const texts = ['', 'a', 'a.b.c', '.'.repeat(9_000)];
    const unsigned = new UnsecuredJWT({ ...claims }).encode();
    expect(await verdict(unsigned)).toEqual({ ok: false, reason: 'signature' });
    for (const text of texts) {
      expect(await verdict(text)).toEqual({ ok: false, reason: 'malformed' });
    }
  });

  it("accepts an outside issuer's tokens by its published keys, read once", async () => {
    const outside = await outsideIssuer();
    let reads = 0;
    const tokens = await jwtTokens({
      clock: manualClock(startAt),
      issuer,
      trusted: [{ issuer: 'https://id.test/', jwksUrl: 'https://id.test/keys' }],
      http: async () => {
        reads += 1;
        return Response.json(outside.keys);
      },
    });
    const { client_id, scope, ...rest } = claims;
    const payload = {
      ...rest,
      iss: 'https://id.test/',
      azp: 'engine',
      scp: scope.split(' '),
      aud: [audience, 'x'],
    };
    for (const jti of ['1', '2']) {
      expect(await tokens.verify(await outside.sign({ ...payload, jti }), { audience })).toEqual({
        ok: true,
        claims: { ...claims, iss: 'https://id.test/', jti },
      });
    }
    expect(reads).toBe(1);
    expect(await tokens.verify(await outside.sign(payload, 'JWT'), { audience })).toEqual({
      ok: false,
      reason: 'malformed',
    });
    const posing = await outside.sign({ ...claims });
    expect(await tokens.verify(posing, { audience })).toEqual({ ok: false, reason: 'signature' });
  });

  it("says that an outside issuer's keys cannot be read, rather than that the token is bad", async () => {
    const outside = await outsideIssuer();
    const tokens = await jwtTokens({
      clock: manualClock(startAt),
      issuer,
      trusted: [{ issuer: 'https://id.test/', jwksUrl: 'https://id.test/keys' }],
      http: async () => new Response(null, { status: 503 }),
    });
    const token = await outside.sign({ ...claims, iss: 'https://id.test/' });
    await expect(tokens.verify(token, { audience })).rejects.toBeInstanceOf(KeysUnavailable);
  });
});
