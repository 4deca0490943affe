import { Webhook } from 'standardwebhooks';
import type { Secrets } from '../../shared/ports/secrets.ts';

/** How far the sender's clock may be from ours: 5 minutes, as Standard Webhooks has it. */
const callbackToleranceMs = 5 * 60_000;

export interface CallbackHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** Signs a callback (Standard Webhooks 1.0). `secret` is `whsec_` and base64; `sentAt` is this try's instant. */
export function signCallback(secret: string, id: string, sentAt: number, body: string): CallbackHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(sentAt), body),
  };
}

export type CallbackVerdict =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly reason: 'missing_header' | 'too_old' | 'too_new' | 'signature' };

/**
 * Checks a callback as it came: the raw body, before parsing. Compares in constant time and by the clock that is handed
 * in (the library's own check reads the machine's). A repeat has the same id: that the receiver de-duplicates by it is its own matter.
 */
export function verifyCallback(
  deps: { readonly secret: string; readonly secrets: Secrets; readonly now: number },
  headers: Headers,
  body: string,
): CallbackVerdict {
  const id = headers.get('webhook-id');
  const timestamp = headers.get('webhook-timestamp');
  const signatures = headers.get('webhook-signature');
  if (id === null || signatures === null || timestamp === null || !/^\d{1,12}$/.test(timestamp)) {
    return { ok: false, reason: 'missing_header' };
  }
  const sentAt = Number(timestamp) * 1000;
  if (deps.now - sentAt > callbackToleranceMs) return { ok: false, reason: 'too_old' };
  if (sentAt - deps.now > callbackToleranceMs) return { ok: false, reason: 'too_new' };
  const expected = new Webhook(deps.secret).sign(id, new Date(sentAt), body);
  const matches = signatures
    .split(' ')
    .slice(0, 8)
    .some((signature) => deps.secrets.equal(signature, expected));
  return matches ? { ok: true, id } : { ok: false, reason: 'signature' };
}
