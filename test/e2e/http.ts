import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect } from 'vitest';

export interface Call {
  readonly method?: string;
  readonly token?: string | null;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** Sends a request over a socket of its own and returns what a client decides by. */
export async function call(
  url: string,
  { method = 'POST', token = null, body, headers = {} }: Call,
): Promise<CallAnswer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, json };
}

/** `422 invalid-request`: an answer must be problem+json that says its own status. */
export async function problemOf(url: string, request: Call): Promise<string> {
  const { status, headers, json } = await call(url, request);
  expect([headers.get('content-type'), json.status]).toEqual(['application/problem+json', status]);
  return `${status} ${String(json.type).replace('urn:fleetwake:problem:', '')}`;
}

export async function tokenOf(origin: string, clientId: string, secret: string, scope = ''): Promise<string> {
  const { status, json } = await call(`${origin}/oauth/token`, {
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
    },
  });
  expect(status).toBe(200);
  return String(json.access_token);
}

/** A token with this signing key (JWK), as the token endpoint makes them except for its end, `endsInSeconds` from now. */
export async function signedToken(
  signingKey: string,
  issuer: string,
  audience: string,
  endsInSeconds: number,
) {
  const jwk = JSON.parse(signingKey) as { kid?: string };
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ client_id: 'developer', scope: 'purchases:write vehicle:configure' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(jwk.kid ? { kid: jwk.kid } : {}) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('developer')
    .setJti('tok_test')
    .setIssuedAt(now - 3_600)
    .setExpirationTime(now + endsInSeconds)
    .sign(createPrivateKey({ key: jwk, format: 'jwk' }));
}
