/** Hands push messages to the push service of the customer's browser or phone (Web Push, RFC 8030). */
export interface Pusher {
  /** Resolves when the push service took it; rejects with `ChannelFailure` (mailer.ts). */
  send(push: Push): Promise<void>;
}

export interface Push {
  readonly subscription: PushSubscription;
  /** JSON shown by the app: `{title, body, url, noticeId}`. */
  readonly payload: string;
  /** Replaces an undelivered push of the same topic (RFC 8030 section 5.4): at most 32 base64url characters. */
  readonly topic: string;
}

export interface PushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}
