import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwtTokens, newSigningKey } from '../../shared/live/tokens.ts';
import { KeysUnavailable } from '../../shared/ports/tokens.ts';
import { manualClock } from '../support/manual-clock.ts';
import { audience, claims, describeTokens, issuer, startAt } from './tokens.ts';

const keys = new Map<string, ReturnType<typeof newSigningKey>>();

describeTokens('jose', async (clock, key) => {
  const made = keys.get(key) ?? newSigningKey();
  keys.set(key, made);
  return jwtTokens({ clock, issuer, privateKey: JSON.parse(JSON.stringify(await made)) });
});

async function outsideIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'out', alg: 'RS256', use: 'sig' }] };
  const sign = (payload: Record<string, unknown>, typ = 'at+jwt') =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ, kid: 'out' }).sign(privateKey);
  return { keys, sign };
}

describe('tokens: jose alone', () => {
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
    // As names, as one name, and as SCIM writes them: a role that narrows is never overlooked.
    for (const roles of [['customer'], 'customer', [{ value: 'customer' }]]) {
      const verdict = await tokens.verify(await outside.sign({ ...payload, roles }), { audience });
      expect(verdict).toEqual({
        ok: true,
        claims: { ...claims, iss: 'https://id.test/', roles: ['customer'] },
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
