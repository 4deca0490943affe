import type { Context } from 'hono';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import { clientAddressOf } from '../../shared/protocol/request-address.ts';
import type { App } from '../http/app-env.ts';
import { countedWarnings } from '../http/counted-warnings.ts';
import { authenticateClient, type OAuthClient, type OAuthFailure, readCredentials } from './client.ts';
import {
  accessTokenType,
  type CustomerExchange,
  exchangedSubject,
  exchangeGrant,
  type Subject,
} from './token-exchange.ts';

/** Seconds that an access token is good for, unless the options say otherwise. */
const tokenLifeSeconds = 3_600;

export interface OAuthOptions {
  readonly tokens: Tokens;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The URL under which the app is reached, without a slash at its end. */
  readonly issuer: string;
  readonly audience: string;
  readonly clients: readonly OAuthClient[];
  readonly lifeSeconds?: number;
  /** Served where it is given: tokens for one customer. */
  readonly exchange?: CustomerExchange;
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' };

const isFailure = (value: object): value is OAuthFailure => 'error' in value;

/** RFC 6749 section 5.2: errors are JSON of their own kind, not problem+json. */
function refuse(context: Context, failure: OAuthFailure): Response {
  const body = { error: failure.error, error_description: failure.description };
  return failure.error === 'invalid_client'
    ? context.json(body, 401, { ...noStore, 'www-authenticate': 'Basic realm="fleetwake"' })
    : context.json(body, 400, noStore);
}

/** The form's parameters; a repeated one is an error (RFC 6749 section 3.2), an empty one counts as left out. */
async function readForm(context: Context): Promise<ReadonlyMap<string, string> | OAuthFailure> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    return { error: 'invalid_request', description: 'Send application/x-www-form-urlencoded.' };
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await context.req.text())) {
    // URLSearchParams puts it where a value is not UTF-8.
    if (`${name}${value}`.includes('\ufffd'))
      return { error: 'invalid_request', description: 'A parameter is not percent-encoded UTF-8.' };
    if (form.has(name))
      return { error: 'invalid_request', description: `The parameter ${name} is repeated.` };
    if (value !== '') form.set(name, value);
  }
  return form;
}

/** Returns the granted scopes: the requested ones, or every allowed one if none was requested. */
function grantScopes(allowed: readonly string[], asked: string | undefined): string | OAuthFailure {
  if (asked === undefined) return allowed.join(' ');
  const scopes = [...new Set(asked.split(' ').filter((scope) => scope !== ''))];
  const beyond = scopes.find((scope) => !allowed.includes(scope));
  if (beyond !== undefined || scopes.length === 0) {
    return { error: 'invalid_scope', description: 'The client may not ask for this scope.' };
  }
  return scopes.join(' ');
}

async function issueToken(
  options: OAuthOptions,
  client: OAuthClient,
  subject: Subject,
  scope: string,
): Promise<Record<string, unknown>> {
  const iat = Math.floor(options.clock.now() / 1000);
  const lifeSeconds = subject.lifeSeconds ?? options.lifeSeconds ?? tokenLifeSeconds;
  const token = await options.tokens.sign({
    iss: options.issuer,
    aud: options.audience,
    ...subject.claims,
    client_id: client.clientId,
    scope,
    iat,
    exp: iat + lifeSeconds,
    jti: options.ids.next('tok'),
  });
  return { access_token: token, token_type: 'Bearer', expires_in: lifeSeconds, scope };
}

function ownSubject({ clientId, role, scopes }: OAuthClient): Subject {
  const claims = { sub: clientId, ...(role === undefined ? {} : { roles: [role] }) };
  return { claims, scopes, lifeSeconds: null };
}

/** Subject of the token: the client itself, or one of its customers. */
async function subjectOf(
  { exchange }: OAuthOptions,
  client: OAuthClient,
  form: ReadonlyMap<string, string>,
): Promise<Subject | OAuthFailure> {
  const grant = form.get('grant_type');
  if (grant === undefined) return { error: 'invalid_request', description: 'grant_type is missing.' };
  if (grant === 'client_credentials') return ownSubject(client);
  if (grant === exchangeGrant && exchange !== undefined) return exchangedSubject(exchange, client, form);
  const served = exchange === undefined ? 'client_credentials' : `client_credentials or ${exchangeGrant}`;
  return { error: 'unsupported_grant_type', description: `Only ${served} is served.` };
}

/**
 * `POST /oauth/token`: the client credentials grant (RFC 6749 section 4.4) with JWT access tokens (RFC 9068), and the exchange for
 * tokens of one customer (RFC 8693) where the options have it.
 */
export function mountTokenEndpoint(app: App, options: OAuthOptions): void {
  const clients = new Map(options.clients.map((client) => [client.clientId, client]));
  const warn = countedWarnings(options);
  app.post('/oauth/token', async (context) => {
    const form = await readForm(context);
    if (isFailure(form)) return refuse(context, form);
    const readings = readCredentials(context.req.header('authorization'), form);
    if (isFailure(readings)) return refuse(context, readings);
    const client = authenticateClient(clients, readings, options.secrets);
    if (client === null) {
      const named = readings.find(({ clientId }) => clients.has(clientId))?.clientId ?? null;
      // Only a name that is known here: anything may have been sent, a secret too.
      warn('oauth.client_refused', { clientId: named, address: clientAddressOf(context.req.raw) });
      return refuse(context, { error: 'invalid_client', description: 'Client id or secret is wrong.' });
    }
    const subject = await subjectOf(options, client, form);
    if (isFailure(subject)) return refuse(context, subject);
    const scope = grantScopes(subject.scopes, form.get('scope'));
    if (typeof scope !== 'string') return refuse(context, scope);
    const answer = await issueToken(options, client, subject, scope);
    const isExchanged = subject.claims.act !== undefined;
    return context.json(
      isExchanged ? { ...answer, issued_token_type: accessTokenType } : answer,
      200,
      noStore,
    );
  });
}
