import type { WebPushCrypto } from '../../../shared/ports/web-push-crypto.ts';
import { fieldsOf } from '../../../shared/protocol/json.ts';

/** A sender, as its VAPID header presents it (RFC 8292). */
interface Vapid {
  readonly token: string;
  readonly publicKey: string;
  readonly claims: { readonly aud?: unknown; readonly exp?: unknown; readonly sub?: unknown };
}

/** RFC 8292 section 2: a token is good for at most 24 hours. */
const lifeMaxMs = 24 * 3_600_000;
/** Clocks differ a little. */
const toleranceMs = 60_000;
/** Headers whose signature was checked already. */
const keptMax = 1_000;

function partOf(part: string | undefined): Record<string, unknown> | null {
  return fieldsOf(Buffer.from(part ?? '', 'base64url').toString());
}

function parse(header: string): Vapid | null {
  const [, token, publicKey] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/i.exec(header) ?? [];
  if (token === undefined || publicKey === undefined) return null;
  const [head, body] = token.split('.');
  const claims = partOf(body);
  return partOf(head)?.alg === 'ES256' && claims !== null ? { token, publicKey, claims } : null;
}

/** Null when the header is right, else the sentence that the push service answers with 403. */
export type VapidCheck = (header: string, origin: string, now: number) => string | null;

/** Checks senders. A signature that was checked once is not checked again while its header stays the same. */
export function newVapidCheck(crypto: WebPushCrypto, applicationServerKey: string | null): VapidCheck {
  const verified = new Map<string, Vapid>();

  function known(header: string): Vapid | string {
    const kept = verified.get(header);
    if (kept !== undefined) return kept;
    const vapid = parse(header);
    if (vapid === null) return 'The Authorization header is not of the form vapid t=JWT, k=KEY.';
    if (!crypto.verifies(vapid.token, vapid.publicKey)) return 'The token was not signed with the key k.';
    if (verified.size >= keptMax) verified.clear();
    verified.set(header, vapid);
    return vapid;
  }

  return (header, origin, now) => {
    const vapid = known(header);
    if (typeof vapid === 'string') return vapid;
    const { aud, exp, sub } = vapid.claims;
    if (aud !== origin) return `The token is for ${String(aud)}, not for ${origin}.`;
    if (typeof exp !== 'number' || exp * 1000 < now - toleranceMs) return 'The token has expired.';
    if (exp * 1000 > now + lifeMaxMs + toleranceMs) return 'The token is good for more than 24 hours.';
    if (typeof sub !== 'string' || !/^(mailto:|https:)/.test(sub))
      return 'The token names no contact in sub.';
    if (applicationServerKey !== null && vapid.publicKey !== applicationServerKey) {
      return 'The subscription belongs to another application server.';
    }
    return null;
  };
}
