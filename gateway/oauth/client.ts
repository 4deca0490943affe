import type { Secrets } from '../../shared/ports/secrets.ts';
import { utf8Of } from '../../shared/protocol/utf8.ts';

/** A client of the token endpoint, given as data by the composition root. */
export interface OAuthClient {
  readonly clientId: string;
  /** `Secrets.digest` of its secret; the secret itself is kept nowhere. */
  readonly secretDigest: string;
  /** Scopes that the client may request; it gets all of them if it requests none. */
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

/**
 * The readings of client_secret_basic, most likely first; none when the header is not one. RFC 6749 section 2.3.1 wants
 * id and secret form-encoded, and many clients (`curl -u`) send them as they are: each reading is tried.
 */
function basicCredentials(header: string): Credentials[] {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header)?.[1];
  const text = encoded === undefined ? null : utf8Of(Buffer.from(encoded, 'base64'));
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(text ?? '') ?? [];
  if (id === undefined || secret === undefined) return [];
  const readings = [{ clientId: id, secret }];
  const clientId = formDecode(id);
  const decoded = formDecode(secret);
  const isOther = clientId !== id || decoded !== secret;
  if (clientId !== null && decoded !== null && isOther) readings.unshift({ clientId, secret: decoded });
  return readings;
}

/** Reads the credentials from the header (client_secret_basic) or the form (client_secret_post), never from both. */
export function readCredentials(
  header: string | undefined,
  form: ReadonlyMap<string, string>,
): readonly Credentials[] | OAuthFailure {
  const clientId = form.get('client_id');
  const secret = form.get('client_secret');
  if (header !== undefined) {
    if (secret !== undefined)
      return { error: 'invalid_request', description: 'Use one way to authenticate, not two.' };
    const basic = basicCredentials(header);
    if (basic.length === 0)
      return { error: 'invalid_client', description: 'The Authorization header is not Basic.' };
    const same = basic.filter((one) => clientId === undefined || clientId === one.clientId);
    return same.length > 0
      ? same
      : { error: 'invalid_request', description: 'client_id differs from the Authorization header.' };
  }
  if (clientId === undefined || secret === undefined) {
    return { error: 'invalid_client', description: 'Authenticate with client id and secret.' };
  }
  return [{ clientId, secret }];
}

/** The client whose secret one of the readings holds, or null. An unknown client costs the same comparison as a known one. */
export function authenticateClient(
  clients: ReadonlyMap<string, OAuthClient>,
  readings: readonly Credentials[],
  secrets: Secrets,
): OAuthClient | null {
  let found: OAuthClient | null = null;
  for (const { clientId, secret } of readings) {
    const client = clients.get(clientId) ?? null;
    const matches = secrets.equal(secrets.digest(secret), client?.secretDigest ?? secrets.digest(''));
    if (matches && client !== null) found = client;
  }
  return found;
}
