import type { Secrets } from '../../shared/ports/secrets.ts';

/** A client of the token endpoint, given as data by the composition root. */
export interface OAuthClient {
  readonly clientId: string;
  /** `Secrets.digest` of its secret; the secret itself is kept nowhere. */
  readonly secretDigest: string;
  /** What it may ask for; all of it when it asks for nothing. */
  readonly scopes: readonly string[];
  /** What its tokens say that it is (RFC 9068 `roles`); nothing unless given. What it may do is said by its scopes. */
  readonly role?: string;
}

/** RFC 6749 section 5.2 codes that a request of the grants served here can meet. */
type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type';

export interface OAuthFailure {
  readonly error: OAuthErrorCode;
  readonly description: string;
}

export interface Credentials {
  readonly clientId: string;
  readonly secret: string;
}

/** `application/x-www-form-urlencoded` decoding of one value (RFC 6749 section 2.3.1), or null for a broken one. */
function formDecode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** client_secret_basic: null when the header is not one. */
function basicCredentials(header: string): Credentials | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const [id, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const clientId = formDecode(id ?? '');
  const secret = formDecode(rest.join(':'));
  return clientId === null || secret === null || rest.length === 0 ? null : { clientId, secret };
}

/** Reads the credentials from the header (client_secret_basic) or the form (client_secret_post), never from both. */
export function readCredentials(
  header: string | undefined,
  form: ReadonlyMap<string, string>,
): Credentials | OAuthFailure {
  const clientId = form.get('client_id');
  const secret = form.get('client_secret');
  if (header !== undefined) {
    if (secret !== undefined)
      return { error: 'invalid_request', description: 'Use one way to authenticate, not two.' };
    const basic = basicCredentials(header);
    if (basic === null)
      return { error: 'invalid_client', description: 'The Authorization header is not Basic.' };
    return clientId === undefined || clientId === basic.clientId
      ? basic
      : { error: 'invalid_request', description: 'client_id differs from the Authorization header.' };
  }
  if (clientId === undefined || secret === undefined) {
    return { error: 'invalid_client', description: 'Authenticate with client id and secret.' };
  }
  return { clientId, secret };
}

/** The client whose secret this is, or null. An unknown client costs the same comparison as a known one. */
export function authenticateClient(
  clients: ReadonlyMap<string, OAuthClient>,
  { clientId, secret }: Credentials,
  secrets: Secrets,
): OAuthClient | null {
  const client = clients.get(clientId) ?? null;
  const matches = secrets.equal(secrets.digest(secret), client?.secretDigest ?? secrets.digest(''));
  return matches ? client : null;
}
