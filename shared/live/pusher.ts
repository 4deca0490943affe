import webPush from 'web-push';
import { type Http, TransportError } from '../ports/http.ts';
import { ChannelFailure } from '../ports/mailer.ts';
import type { Push, Pusher } from '../ports/pusher.ts';
import { maskedIn } from '../protocol/address.ts';
import { checkedPush } from '../protocol/channel-message.ts';
import { maskSecrets } from '../protocol/known-secrets.ts';

export interface WebPusherOptions {
  readonly http: Http;
  readonly vapid: {
    /** `mailto:` or `https:`: contact of the operator for the push service. */
    readonly subject: string;
    /** base64url, as made by `npx web-push generate-vapid-keys`. */
    readonly publicKey: string;
    readonly privateKey: string;
  };
  /** How long a push service keeps a message for a customer who is away. */
  readonly ttlSeconds: number;
}

/** RFC 8292 allows 24 hours. */
const signatureLifeMs = 12 * 3_600_000;
/** A kept signature is replaced when it has less than this left. */
const renewBeforeMs = 3_600_000;
/** Push services that signatures are kept for; a handful exist. */
const originMax = 100;

/**
 * Who we are, signed once per push service and half a day. The signature names the service and a date, not the message,
 * and making it costs 2.5 times as much as all the rest of a push (415 of 580 microseconds where it was measured).
 */
function vapidHeaders(vapid: WebPusherOptions['vapid']) {
  const kept = new Map<string, { authorization: string; renewAt: number }>();
  return (endpoint: string): string => {
    const { origin } = new URL(endpoint);
    const now = Date.now();
    const known = kept.get(origin);
    if (known && now < known.renewAt) return known.authorization;
    const expiresAt = now + signatureLifeMs;
    const { Authorization } = webPush.getVapidHeaders(
      origin,
      vapid.subject,
      vapid.publicKey,
      vapid.privateKey,
      'aes128gcm',
      Math.floor(expiresAt / 1000),
    );
    if (kept.size >= originMax) kept.clear();
    kept.set(origin, { authorization: Authorization, renewAt: expiresAt - renewBeforeMs });
    return Authorization;
  };
}

/** Returns the encrypted request. A retry cannot fix an error in the subscription or the message. */
function requestOf(push: Push, ttlSeconds: number, authorizationFor: (endpoint: string) => string): Request {
  try {
    const details = webPush.generateRequestDetails(push.subscription, push.payload, {
      // Null keeps the library from signing; the kept signature goes in as a header.
      vapidDetails: null as never,
      headers: { Authorization: authorizationFor(push.subscription.endpoint) },
      TTL: ttlSeconds,
      topic: push.topic,
      urgency: 'normal',
      contentEncoding: 'aes128gcm',
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(details.headers)) {
      if (name !== 'Content-Length') headers.set(name, String(value));
    }
    return new Request(details.endpoint, {
      method: 'POST',
      headers,
      body: new Uint8Array(details.body),
      redirect: 'manual',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChannelFailure(`The push cannot be encrypted: ${reason}`, true, { cause: error });
  }
}

/** Statuses after which the same push to the same subscription can never succeed: it is gone, or the message is wrong. */
const permanentStatuses = new Set([400, 403, 404, 410, 413]);
/** The subscription is no more. */
const goneStatuses = new Set([404, 410]);

async function sendOnce(http: Http, request: Request): Promise<void> {
  let response: Response;
  try {
    response = await http(request);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    // The holder of the whole address can send to this customer (RFC 8030 section 8.3).
    const reason = maskedIn(error.message, request.url);
    throw new ChannelFailure(`The push service did not answer: ${reason}`, false);
  }
  const authorization = request.headers.get('authorization') ?? '';
  const { pathname } = new URL(request.url);
  const answer = await response.text().catch(() => '');
  const text = maskSecrets(maskedIn(answer, request.url), [authorization, pathname]);
  if (response.status >= 200 && response.status < 300) return;
  const permanent = permanentStatuses.has(response.status);
  // Apple's, where key, contact or token do not fit: no repeat mends it.
  const hint = response.status === 403 ? ' (check the VAPID keys and --push-contact)' : '';
  throw new ChannelFailure(
    `The push service answered ${response.status}: ${text.slice(0, 200)}${hint}`,
    permanent,
    { isGone: goneStatuses.has(response.status) },
  );
}

/**
 * Web Push (RFC 8030) with VAPID (RFC 8292) and aes128gcm (RFC 8291). 404 and 410 (the subscription is gone), 400,
 * 403 (VAPID keys or contact) and 413 are permanent; 401, 429, 5xx and silence are worth a retry. Throws at once where the keys
 * cannot be used.
 */
export function webPusher(options: WebPusherOptions): Pusher {
  const authorizationFor = vapidHeaders(options.vapid);
  authorizationFor('https://push.invalid');
  return {
    send: async (push) =>
      sendOnce(options.http, requestOf(checkedPush(push), options.ttlSeconds, authorizationFor)),
  };
}
