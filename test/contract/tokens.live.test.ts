import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwtTokens, newSigningKey } from '../../shared/live/tokens.ts';
import { KeysUnavailable } from '../../shared/ports/tokens.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { audience, claims, describeTokens, issuer, startAt } from './tokens.ts';

const keys = new Map<string, ReturnType<typeof newSigningKey>>();

describeTokens('jose', async (clock, key) => {
  const made = keys.get(key) ?? newSigningKey();
  keys.set(key, made);
  return jwtTokens({ clock, issuer, privateKey: JSON.parse(JSON.stringify(await made)) });
});

const outsideKeys = generateKeyPair('RS256', { extractable: true });

async function outsideIssuer() {
  const { privateKey, publicKey } = await outsideKeys;
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'out', alg: 'RS256', use: 'sig' }] };
  const sign = (payload: Record<string, unknown>, typ: string | null = 'at+jwt') =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: 'out', ...(typ === null ? {} : { typ }) })
      .sign(privateKey);
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
    const posing = await outside.sign({ ...claims });
    expect(await tokens.verify(posing, { audience })).toEqual({ ok: false, reason: 'signature' });
  });

  /** Tokens that trust `https://id.test/`, and what they say of its token with these changes to a good one. */
  async function judged(leewaySeconds?: number) {
    const outside = await outsideIssuer();
    const trusted = { issuer: 'https://id.test/', jwksUrl: 'https://id.test/keys' };
    const tokens = await jwtTokens({
      clock: manualClock(startAt),
      issuer,
      trusted: [{ ...trusted, ...(leewaySeconds === undefined ? {} : { leewaySeconds }) }],
      http: async () => Response.json(outside.keys),
    });
    return async (changes: Record<string, unknown>, typ?: string | null) =>
      tokens.verify(await outside.sign({ ...claims, iss: 'https://id.test/', ...changes }, typ), {
        audience,
      });
  }

  it.each(['at+jwt', 'application/at+jwt', 'AT+JWT', 'JWT', null])(
    'accepts an outside token of type %s',
    async (typ) => {
      const verdictOf = await judged();
      expect(await verdictOf({}, typ)).toEqual({ ok: true, claims: { ...claims, iss: 'https://id.test/' } });
    },
  );

  it('refuses an outside token of another type, and our own of any type but at+jwt, by name', async () => {
    const verdictOf = await judged();
    expect(await verdictOf({}, 'logout+jwt')).toEqual({
      ok: false,
      reason: 'claim',
      claim: 'typ',
      detail: 'must be at+jwt, application/at+jwt, jwt, application/jwt, left out',
    });
    const privateKey = await newSigningKey();
    const tokens = await jwtTokens({ clock: manualClock(startAt), issuer, privateKey });
    const own = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: privateKey.kid ?? '' })
      .sign(await importJWK(privateKey, 'ES256'));
    expect(await tokens.verify(own, { audience })).toEqual({
      ok: false,
      reason: 'claim',
      claim: 'typ',
      detail: 'must be at+jwt',
    });
  });

  it.each([
    [{ client_id: undefined, azp: 'web' }, 'web'],
    [{ client_id: undefined, appid: 'entra' }, 'entra'],
    [{ client_id: undefined, cid: 'okta' }, 'okta'],
    [{ client_id: undefined }, 'engine'],
  ])('takes the client from %j as %s', async (changes, clientId) => {
    const verdictOf = await judged();
    expect(await verdictOf(changes)).toMatchObject({ ok: true, claims: { client_id: clientId } });
  });

  const now = startAt / 1_000;
  it.each([
    ['nbf 2 s ahead', { nbf: now + 2 }, null],
    ['nbf 30 s ahead', { nbf: now + 30 }, null],
    ['nbf 31 s ahead', { nbf: now + 31 }, { reason: 'not_yet_valid', claim: 'nbf' }],
    ['iat 30 s ahead', { iat: now + 30 }, null],
    ['iat 31 s ahead', { iat: now + 31 }, { reason: 'not_yet_valid', claim: 'iat' }],
    ['exp 29 s ago', { exp: now - 29 }, null],
    ['exp 30 s ago', { exp: now - 30 }, { reason: 'expired' }],
  ])('allows an outside clock a difference of 30 s by default: %s', async (_, changes, refusal) => {
    const verdictOf = await judged();
    expect(await verdictOf(changes)).toMatchObject(
      refusal === null ? { ok: true } : { ok: false, ...refusal },
    );
  });

  it('allows no other difference than the configured one', async () => {
    const strict = await judged(0);
    expect(await strict({ nbf: now + 1 })).toEqual({
      ok: false,
      reason: 'not_yet_valid',
      claim: 'nbf',
      detail: 'is ahead of the clock here',
    });
    expect(await strict({ exp: now })).toEqual({ ok: false, reason: 'expired' });
    const lax = await judged(120);
    expect(await lax({ nbf: now + 120, iat: now + 120 })).toMatchObject({ ok: true });
  });

  it.each([
    ['sub', { sub: { id: 'ana' } }, 'must be text of 1 to 255 characters'],
    ['sub', { sub: '' }, 'must be text of 1 to 255 characters'],
    ['sub', { sub: 'x'.repeat(256) }, 'must be text of 1 to 255 characters'],
    ['sub', { sub: undefined }, 'is missing'],
    ['client_id', { client_id: 7 }, 'must be text of 1 to 255 characters'],
    ['azp', { client_id: undefined, azp: ['a'] }, 'must be text of 1 to 255 characters'],
    ['jti', { jti: 5 }, 'must be text of 1 to 255 characters'],
    ['scope', { scope: { read: true } }, 'must be text or a list of texts'],
    ['scp', { scope: undefined, scp: [1] }, 'must be text or a list of texts'],
    ['aud', { aud: [audience, { a: 1 }] }, 'must be text or a list of texts'],
    ['exp', { exp: 'tomorrow' }, 'must be a number'],
    ['exp', { exp: undefined }, 'is missing'],
    ['nbf', { nbf: 'now' }, 'must be a number'],
    ['iat', { iat: 'now' }, 'must be a number'],
    ...[{ customer: true }, [['customer']], [{ name: 'customer' }], [7], null].map(
      (roles): [string, object, string] => [
        'roles',
        { roles },
        'must be a role, or a list of roles as text or as {"value": text}',
      ],
    ),
  ])('names the claim %s in what it refuses: %j', async (claim, changes, detail) => {
    const verdictOf = await judged();
    expect(await verdictOf({ ...changes })).toEqual({ ok: false, reason: 'claim', claim, detail });
  });

  it('accepts a token of its own key under another issuer name only if configured', async () => {
    const privateKey = await newSigningKey();
    const clock = manualClock(startAt);
    const other = await jwtTokens({ clock, issuer: 'http://127.0.0.1:8090', privateKey });
    const token = await other.sign({ ...claims, iss: 'http://127.0.0.1:8090' });
    const strict = await jwtTokens({ clock, issuer, privateKey });
    expect(await strict.verify(token, { audience })).toEqual({ ok: false, reason: 'issuer' });
    const shared = await jwtTokens({ clock, issuer, privateKey, acceptsOwnKeyAlone: true });
    expect(await shared.verify(token, { audience })).toMatchObject({ ok: true });
    const foreign = await jwtTokens({ clock, issuer: 'http://127.0.0.1:8090' });
    expect(
      await shared.verify(await foreign.sign({ ...claims, iss: 'http://127.0.0.1:8090' }), { audience }),
    ).toEqual({
      ok: false,
      reason: 'signature',
    });
  });

  it("says that an outside issuer's keys cannot be read, rather than that the token is bad", async () => {
    const outside = await outsideIssuer();
    const tokens = await jwtTokens({
      clock: manualClock(startAt),
      issuer,
      trusted: [{ issuer: 'https://id.test/', jwksUrl: 'https://id.test/keys?key=s3cret' }],
      http: async () => new Response(null, { status: 503 }),
    });
    const token = await outside.sign({ ...claims, iss: 'https://id.test/' });
    await expect(tokens.verify(token, { audience })).rejects.toThrow(
      new KeysUnavailable(
        'the keys at https://id.test/keys?… could not be read: Expected 200 OK from the JSON Web Key Set HTTP response',
      ),
    );
  });
});
