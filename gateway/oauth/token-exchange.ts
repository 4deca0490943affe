import { customerRole } from '../http/authenticate.ts';
import type { OAuthClient, OAuthFailure } from './client.ts';

/** `grant_type` of RFC 8693. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** What the subject token is: a customer's id, in the words of the client that has signed the customer in. */
export const customerIdType = 'urn:fleetwake:params:oauth:token-type:customer-id';
/** What is issued, as RFC 8693 section 3 calls it. */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** Token exchange: a service account gets a token for one customer. */
export interface CustomerExchange {
  /** The scope that a client needs to ask for them. */
  readonly actScope: string;
  /** The most that such a token may reach. */
  readonly customerScopes: readonly string[];
  readonly isCustomer: (id: string) => Promise<boolean>;
  /** Seconds; a browser or a phone holds it. */
  readonly lifeSeconds: number;
}

/** Subject and largest scope of a token. */
export interface Subject {
  readonly claims: {
    readonly sub: string;
    readonly roles?: readonly string[];
    readonly act?: { readonly sub: string };
  };
  readonly scopes: readonly string[];
  readonly lifeSeconds: number | null;
}

const invalid = (description: string): OAuthFailure => ({ error: 'invalid_request', description });

/** Returns the subject of the exchanged token (RFC 8693 section 2.1), or the reason of a refusal. */
export async function exchangedSubject(
  exchange: CustomerExchange,
  client: OAuthClient,
  form: ReadonlyMap<string, string>,
): Promise<Subject | OAuthFailure> {
  if (!client.scopes.includes(exchange.actScope)) {
    const description = `The client may not act for customers: it lacks the scope ${exchange.actScope}.`;
    return { error: 'unauthorized_client', description };
  }
  const customerId = form.get('subject_token');
  if (customerId === undefined || form.get('subject_token_type') !== customerIdType)
    return invalid(`Send subject_token (a customer's id) and subject_token_type=${customerIdType}.`);
  if (form.has('actor_token')) return invalid('Leave actor_token out: the client itself is the actor.');
  const wanted = form.get('requested_token_type') ?? accessTokenType;
  if (wanted !== accessTokenType) return invalid(`requested_token_type can only be ${accessTokenType}.`);
  if (!(await exchange.isCustomer(customerId)))
    return invalid('No customer has this id. Register the customer first.');
  return {
    claims: { sub: customerId, roles: [customerRole], act: { sub: client.clientId } },
    scopes: exchange.customerScopes,
    lifeSeconds: exchange.lifeSeconds,
  };
}
