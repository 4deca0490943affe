import { expect, it } from 'vitest';
import { newApp } from '../../../gateway/http/app.ts';
import { newAuthenticator } from '../../../gateway/http/authenticate.ts';
import { type Log, silentLog } from '../../../shared/ports/log.ts';
import { type AccessTokenClaims, KeysUnavailable, type Tokens } from '../../../shared/ports/tokens.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

function appOver(verify: Tokens['verify'], log: Log = silentLog) {
  const tokens: Tokens = {
    verify,
    sign: () => Promise.reject(new Error('signs nothing')),
    publicKeys: () => Promise.resolve({ keys: [] }),
  };
  const app = newApp({ log, title: 'Test', version: '1' });
  const { requireScope } = newAuthenticator({
    tokens,
    clock: manualClock(),
    log,
    audience: 'test',
    roleScopes: { customer: ['read'], service: ['read', 'write'], support: ['read'] },
  });
  app.get('/read', requireScope('read'), (context) => context.json(context.var.caller.customerId));
  app.get('/write', requireScope('write'), (context) => context.json(context.var.caller.customerId));
  return app;
}

const request = (path = '/read') =>
  new Request(`http://test${path}`, { headers: { authorization: 'Bearer abc' } });

it("answers 503 while an outside issuer's keys cannot be read, because the token may be good, and logs why", async () => {
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (event: string, fields: unknown) => warnings.push([event, fields]) };
  const message = 'the keys at https://id.test/keys could not be read: request timed out';
  const answer = await appOver(() => Promise.reject(new KeysUnavailable(message)), log).fetch(request());
  expect(warnings).toEqual([['http.issuer_keys_not_read', { message, count: 1 }]]);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toEqual({
    type: 'urn:fleetwake:problem:unavailable',
    title: 'The service is not available now',
    status: 503,
    detail: "The issuer's keys cannot be read now. Try again.",
  });
});

it('answers 401 with the name of the claim that is wrong, and logs it', async () => {
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (event: string, fields: unknown) => warnings.push([event, fields]) };
  const detail = 'must be text of 1 to 255 characters';
  const verdict = { ok: false, reason: 'claim', claim: 'sub', detail } as const;
  const answer = await appOver(async () => verdict, log).fetch(request());
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="fleetwake", error="invalid_token", error_description="claim sub ${detail}"`,
  );
  expect(await answer.json()).toMatchObject({
    type: 'urn:fleetwake:problem:unauthorized',
    detail: `The access token is not valid: claim sub ${detail}.`,
  });
  expect(warnings).toEqual([['http.token_refused', { reason: 'claim', claim: 'sub', detail, count: 1 }]]);
});

const claims: AccessTokenClaims = {
  iss: 'https://id.test/',
  aud: 'test',
  sub: 'ana',
  client_id: 'shop',
  scope: 'read write',
  iat: 0,
  exp: 9_999_999_999,
  jti: '',
};

it.each([
  ['without roles: all its scopes', undefined, 200, 200, null],
  ['with a known role: what the role may reach', ['support'], 200, 403, null],
  ['with two: what either may reach', ['support', 'service'], 200, 200, null],
  ['as a customer: what customers may reach, and only theirs', ['customer'], 200, 403, 'ana'],
  ['as a customer with another role: as a customer', ['service', 'customer'], 200, 403, 'ana'],
  ['with an unknown role: nothing', ['Customer'], 403, 403, null],
  ['with a role named like a property of every object: nothing', ['constructor'], 403, 403, null],
  ['with no role in its list: nothing', [], 403, 403, null],
])('lets a token reach %s', async (_, roles, read, write, customerId) => {
  const app = appOver(async () => ({ ok: true, claims: { ...claims, ...(roles && { roles }) } }));
  const reading = await app.fetch(request());
  expect([reading.status, (await app.fetch(request('/write'))).status]).toEqual([read, write]);
  if (read === 200) expect(await reading.json()).toBe(customerId);
});
