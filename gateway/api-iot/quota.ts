import { serializeList } from 'structured-headers';

export interface QuotaLimits {
  readonly limit: number;
  readonly windowMs: number;
}

export interface Quota {
  /** Commands that may still be accepted now. */
  readonly remaining: number;
  /** When the window next lets one more in, or null while it is empty. */
  readonly growsAt: number | null;
}

/** The oldest instant that no longer counts: the window is half-open, `(now - windowMs, now]`. */
export const windowStart = (now: number, limits: QuotaLimits) => now - limits.windowMs;

/** `acceptances` are the instants in the window, newest first, at most `limit` of them. */
export function quotaOf(acceptances: readonly number[], limits: QuotaLimits): Quota {
  const oldest = acceptances.at(-1);
  return {
    remaining: Math.max(0, limits.limit - acceptances.length),
    growsAt: oldest === undefined ? null : oldest + limits.windowMs,
  };
}

const seconds = (ms: number) => Math.max(0, Math.ceil(ms / 1000));

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): `t` is when one more is let in. */
export function quotaHeaders(quota: Quota, limits: QuotaLimits, now: number): Record<string, string> {
  const grows: [string, number][] = quota.growsAt === null ? [] : [['t', seconds(quota.growsAt - now)]];
  return {
    'ratelimit-policy': serializeList([
      [
        'configure',
        new Map([
          ['q', limits.limit],
          ['w', seconds(limits.windowMs)],
        ]),
      ],
    ]),
    ratelimit: serializeList([['configure', new Map([['r', quota.remaining], ...grows])]]),
  };
}

/** Retry-After of a refusal, in whole seconds, never too early. */
export const retryAfter = (quota: Quota, now: number) => String(seconds((quota.growsAt ?? now) - now));
