import type { Secrets } from '../../shared/ports/secrets.ts';

const dayMs = 86_400_000;

/** How long the link of a notification leads to its page, from the fact that made the notification. */
export const purchaseLinkMs = 90 * dayMs;

/** Path of the page, to which the link's token is added. */
export const purchasePagePath = '/my-purchase';

/** The first signs, each is accepted. */
export type LinkSecrets = readonly [string, ...string[]];

/** Whom a link lets in, and to what. Instants in epoch milliseconds. */
export interface LinkContent {
  readonly purchaseId: string;
  readonly customerId: string;
  readonly expiresAt: number;
}

/** What the signature of a link vouches for. */
export interface SignedLink {
  readonly purchaseId: string;
  readonly expiresAt: number;
  /** The customer whose link it is: an owner before or after a transfer has links of their own. */
  isFor(customerId: string): boolean;
}

export type LinkVerdict =
  | ({ readonly ok: true } & SignedLink)
  | ({ readonly ok: false; readonly reason: 'expired' } & SignedLink)
  /** Forged, damaged, or signed with another secret. */
  | { readonly ok: false; readonly reason: 'unknown' };

export interface PurchaseLinks {
  /** Returns the token of a link: one path segment. */
  tokenFor(content: LinkContent): string;
  /** Checks a token without a database query: a guessed one costs one signature. */
  read(token: string, now: number): LinkVerdict;
  /** Returns a signature of a form that a holder of this token posts. */
  signForm(token: string, text: string): string;
  /** Compares in constant time. */
  isFormOf(token: string, text: string, signature: string): boolean;
}

/** Purchase, instant of expiry in seconds (base 36), customer, signature. No character of it ends a link in a text. */
const form = /^([a-z]+_[0-9a-z]{1,40})\.([0-9a-z]{1,8})\.([0-9a-f]{16})\.([0-9a-f]{32})$/;

/**
 * Signs and checks the links of notifications. Each of `keys` is accepted, the first one signs: so a secret is replaced
 * without breaking the links that customers have. A token names its customer by a digest under the key, never by the id.
 */
export function purchaseLinks(secrets: Pick<Secrets, 'sign' | 'equal'>, keys: LinkSecrets): PurchaseLinks {
  const customerDigest = (key: string, customerId: string) =>
    secrets.sign(key, `customer ${customerId}`).slice(0, 16);
  const signature = (key: string, body: string) => secrets.sign(key, `purchase ${body}`).slice(0, 32);
  const formSignature = (key: string, token: string, text: string) =>
    secrets.sign(key, `form ${token} ${text}`).slice(0, 32);
  const [first] = keys;
  return {
    tokenFor({ purchaseId, customerId, expiresAt }) {
      const seconds = Math.ceil(expiresAt / 1_000).toString(36);
      const body = `${purchaseId}.${seconds}.${customerDigest(first, customerId)}`;
      return `${body}.${signature(first, body)}`;
    },
    read(token, now) {
      const [, purchaseId = '', seconds = '', digest = '', signed = ''] = form.exec(token) ?? [];
      const body = `${purchaseId}.${seconds}.${digest}`;
      const key = keys.find((one) => secrets.equal(signature(one, body), signed));
      if (purchaseId === '' || key === undefined) return { ok: false, reason: 'unknown' };
      const expiresAt = Number.parseInt(seconds, 36) * 1_000;
      const isFor = (customerId: string) => secrets.equal(customerDigest(key, customerId), digest);
      const link: SignedLink = { purchaseId, expiresAt, isFor };
      return expiresAt <= now ? { ok: false, reason: 'expired', ...link } : { ok: true, ...link };
    },
    signForm: (token, text) => formSignature(first, token, text),
    isFormOf: (token, text, signed) =>
      keys.some((key) => secrets.equal(formSignature(key, token, text), signed)),
  };
}
