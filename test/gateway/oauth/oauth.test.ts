import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { newApp } from '../../../gateway/http/app.ts';
import { newAuthenticator } from '../../../gateway/http/authenticate.ts';
import { mountOAuth } from '../../../gateway/oauth/mount.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { signedTokens } from '../../helpers/signed-tokens.ts';

const issuer = 'http://127.0.0.1:8080';
const secret = 'p+ss:w%rd';

async function newServer() {
  const clock = manualClock();
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (event: string, fields: unknown) => warnings.push([event, fields]) };
  const tokens = await signedTokens(clock, issuer);
  const app = newApp({ log, title: 'Test', version: '1' });
  const audience = 'urn:test';
  mountOAuth(app, {
    tokens,
    secrets: systemSecrets,
    clock,
    ids: systemIds(),
    log,
    issuer,
    audience,
    clients: [
      {
        clientId: 'engine',
        secretDigest: systemSecrets.digest(secret),
        scopes: ['vehicle:configure', 'vehicle:read'],
      },
    ],
  });
  const { requireScope } = newAuthenticator({ tokens, clock, log, audience });
  app.get('/read', requireScope('vehicle:read'), (context) => context.json(context.var.caller.clientId));
  app.get('/provision', requireScope('vehicle:provision'), (context) => context.json(true));
  const fetch = async (url: string, init?: RequestInit) => app.fetch(new Request(url, init));
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${issuer}/oauth/token`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  return { clock, fetch, post, warnings };
}

async function tokenBy(
  fetch: (url: string, init?: RequestInit) => Promise<Response>,
  authentication: oauth.ClientAuth,
  scope?: string,
) {
  const send = (url: string, init: object) => fetch(url, init as RequestInit);
  const options = { [oauth.customFetch]: send, [oauth.allowInsecureRequests]: true };
  const found = await oauth.discoveryRequest(new URL(issuer), { ...options, algorithm: 'oauth2' });
  const server = await oauth.processDiscoveryResponse(new URL(issuer), found);
  const client = { client_id: 'engine' };
  const parameters = new URLSearchParams(scope === undefined ? {} : { scope });
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    parameters,
    options,
  );
  return oauth.processClientCredentialsResponse(server, client, answer);
}

describe('the token endpoint', () => {
  it('is found by its metadata and gives a token to client_secret_basic, even with odd characters in the secret', async () => {
    const { fetch } = await newServer();
    const token = await tokenBy(fetch, oauth.ClientSecretBasic(secret));
    expect(token).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'vehicle:configure vehicle:read',
    });
    const answer = await fetch(`${issuer}/read`, {
      headers: { authorization: `Bearer ${token.access_token}` },
    });
    expect([answer.status, await answer.json()]).toEqual([200, 'engine']);
  });

  it('gives a token to client_secret_post, with no more scope than was asked for', async () => {
    const { fetch } = await newServer();
    const token = await tokenBy(fetch, oauth.ClientSecretPost(secret), 'vehicle:configure');
    expect(token.scope).toBe('vehicle:configure');
    const answer = await fetch(`${issuer}/read`, {
      headers: { authorization: `Bearer ${token.access_token}` },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="fleetwake", error="insufficient_scope", scope="vehicle:read"',
    );
    expect(await answer.json()).toMatchObject({
      type: 'urn:fleetwake:problem:missing-scope',
      scope: 'vehicle:read',
    });
  });

  it('serves RFC 8414 metadata and the public keys only', async () => {
    const { fetch } = await newServer();
    const metadata = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toEqual({
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      scopes_supported: ['vehicle:configure', 'vehicle:read'],
    });
    const keys = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as { keys: object[] };
    expect(keys.keys.map((key) => new Set(Object.keys(key)))).toEqual([
      new Set(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']),
    ]);
  });

  it.each([
    ['grant_type=client_credentials', 401, 'invalid_client'],
    ['grant_type=client_credentials&client_id=engine&client_secret=wrong', 401, 'invalid_client'],
    ['grant_type=client_credentials&client_id=nobody&client_secret=', 401, 'invalid_client'],
    ['client_id=engine&client_secret=p%2Bss:w%25rd', 400, 'invalid_request'],
    ['grant_type=password&client_id=engine&client_secret=p%2Bss:w%25rd', 400, 'unsupported_grant_type'],
    ['grant_type=client_credentials&grant_type=x&client_id=engine', 400, 'invalid_request'],
    [
      'grant_type=client_credentials&client_id=engine&client_secret=p%2Bss:w%25rd&scope=vehicle:provision',
      400,
      'invalid_scope',
    ],
  ])('refuses %s as RFC 6749 says', async (body, status, error) => {
    const { post } = await newServer();
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(((await answer.json()) as { error: string }).error).toBe(error);
  });

  it.each([
    ['as curl -u sends it', `engine:${secret}`],
    ['form-encoded (RFC 6749 section 2.3.1)', `engine:${encodeURIComponent(secret)}`],
    ['form-encoded with the id', `%65ngine:${encodeURIComponent(secret)}`],
  ])('takes a secret with + and % in the Basic header %s', async (_, credentials) => {
    const { post } = await newServer();
    const answer = await post('grant_type=client_credentials', {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    });
    expect(answer.status).toBe(200);
  });

  it('refuses credentials and parameters that are not UTF-8', async () => {
    const { post } = await newServer();
    const basic = `Basic ${Buffer.from([...Buffer.from('engine:'), 0xe9]).toString('base64')}`;
    const header = await post('grant_type=client_credentials', { authorization: basic });
    expect([header.status, await header.json()]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'The Authorization header is not Basic.' },
    ]);
    const form = await post('grant_type=client_credentials&client_id=engine&client_secret=%E9');
    expect([form.status, await form.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'A parameter is not percent-encoded UTF-8.' },
    ]);
  });

  it('logs the 1st, 10th, 100th and 1,000th of 3,000 wrong secrets within a minute, and the next minute again', async () => {
    const { post, warnings, clock } = await newServer();
    const guess = (clientId: string) =>
      post(`grant_type=client_credentials&client_id=${clientId}&client_secret=wrong`);
    for (let count = 0; count < 3_000; count += 1) await guess('engine');
    await guess('anyone');
    await clock.advance(60_000);
    await guess('engine');
    expect(warnings).toEqual([
      ...[1, 10, 100, 1_000].map((count) => [
        'oauth.client_refused',
        { clientId: 'engine', address: null, count },
      ]),
      ['oauth.client_refused', { clientId: null, address: null, count: 1 }],
      ['oauth.client_refused', { clientId: 'engine', address: null, count: 1 }],
    ]);
  });

  it('refuses JSON, broken Basic and two ways to authenticate at once', async () => {
    const { post } = await newServer();
    const errorOf = async (answer: Response) => ((await answer.json()) as { error: string }).error;
    expect(await errorOf(await post('{}', { 'content-type': 'application/json' }))).toBe('invalid_request');
    expect(await errorOf(await post('grant_type=client_credentials', { authorization: 'Basic ???' }))).toBe(
      'invalid_client',
    );
    const basic = { authorization: `Basic ${Buffer.from('engine:x').toString('base64')}` };
    const both = 'grant_type=client_credentials&client_id=engine&client_secret=x';
    expect(await errorOf(await post(both, basic))).toBe('invalid_request');
  });
});

describe('a Bearer token', () => {
  it('is needed, and the answer without one names the scheme', async () => {
    const { fetch } = await newServer();
    const answer = await fetch(`${issuer}/read`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="fleetwake"');
    expect(await answer.json()).toMatchObject({ type: 'urn:fleetwake:problem:unauthorized', status: 401 });
  });

  it('is refused when it is not one, was tampered with, or has expired, to the second', async () => {
    const { fetch, clock } = await newServer();
    const { access_token: token } = await tokenBy(fetch, oauth.ClientSecretBasic(secret));
    const read = (text: string) => fetch(`${issuer}/read`, { headers: { authorization: `Bearer ${text}` } });
    expect((await read('abc')).status).toBe(401);
    expect((await read(`${token.slice(0, -4)}AAAA`)).status).toBe(401);
    await clock.advance(3_599_000);
    expect((await read(token)).status).toBe(200);
    await clock.advance(1_000);
    const late = await read(token);
    expect(late.status).toBe(401);
    expect(late.headers.get('www-authenticate')).toBe('Bearer realm="fleetwake", error="invalid_token"');
    expect(await late.json()).toMatchObject({
      detail: 'The access token is not valid (expired). Get a new one.',
    });
  });
});
