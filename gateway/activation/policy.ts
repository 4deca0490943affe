/** How long and how often an activation tries. All durations in milliseconds. */
export interface RetryPolicy {
  /** Retries after the first attempt; null: no limit (revocations). */
  readonly maxRetries: number | null;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Adds up to this share of the delay, so that a fleet does not retry in step; 0 is off. Never shortens a delay. */
  readonly jitter: number;
  /** How often the command's state is asked for while no callback came. */
  readonly pollEveryMs: number;
  /** How long after the command's expiry its final state is waited for before the outcome counts as unknown. */
  readonly resultGraceMs: number;
  /** From the request to the moment after which no attempt starts; null: none. */
  readonly deadlineMs: number | null;
  /** How long people have to settle what the payment service refused for good. Absent in states saved before there was a limit. */
  readonly settlementMs?: number;
}

/** Settings of the specification ("Retry Configuration"). The deadline of a day, and 5 days for operators to settle, are our own. */
export const standardPolicy: RetryPolicy = {
  maxRetries: 5,
  baseDelayMs: 30_000,
  maxDelayMs: 15 * 60_000,
  jitter: 0,
  pollEveryMs: 30_000,
  resultGraceMs: 5_000,
  deadlineMs: 24 * 3_600_000,
  settlementMs: 5 * 24 * 3_600_000,
};

/** Returns how long people have to settle what the payment service refused for good. */
export function settlementMsOf({ settlementMs }: RetryPolicy): number {
  return settlementMs ?? 5 * 24 * 3_600_000;
}

/** `min(2^retry × baseDelay, maxDelay)`, `retry` counted from 0. `draw` in [0, 1) spreads it when jitter is on. */
export function backoffMs(policy: RetryPolicy, retry: number, draw: number): number {
  // 2^1023 is the largest double; the result is far above maxDelay already.
  const delayMs = Math.min(2 ** Math.min(retry, 1_000) * policy.baseDelayMs, policy.maxDelayMs);
  return Math.round(delayMs * (1 + policy.jitter * draw));
}

/** The longest wait for a 429 where no deadline bounds it: a mistake there must not put a revocation off for years. */
export const rateLimitWaitMaxMs = 24 * 3_600_000;

/**
 * The least wait after a 429, `before` of which came in a row: a thirtieth of the back-off (1 s, 2 s, 4 s … with the standard policy),
 * for an API IoT that asks for no wait, or whose clock is behind.
 */
export function rateLimitWaitMinMs(policy: RetryPolicy, before: number): number {
  const firstMs = Math.max(1, Math.round(policy.baseDelayMs / 30));
  return Math.min(2 ** Math.min(before, 1_000) * firstMs, policy.maxDelayMs);
}

/** Every duration divided by `scale`, at least 1 ms: a scenario in which an hour passes in a minute. */
export function shortenPolicyTimes(policy: RetryPolicy, scale: number): RetryPolicy {
  const compress = (ms: number) => Math.max(1, Math.round(ms / scale));
  return {
    ...policy,
    baseDelayMs: compress(policy.baseDelayMs),
    maxDelayMs: compress(policy.maxDelayMs),
    pollEveryMs: compress(policy.pollEveryMs),
    resultGraceMs: compress(policy.resultGraceMs),
    deadlineMs: policy.deadlineMs === null ? null : compress(policy.deadlineMs),
    settlementMs: compress(settlementMsOf(policy)),
  };
}

/** Limit of a duration: a longer one leads to instants that no date can express. */
const durationMaxMs = 366 * 86_400_000;

/** What is wrong with a policy, a sentence each; empty when it can be used. */
export function policyFaults(policy: RetryPolicy): string[] {
  const faults: string[] = [];
  const whole = (name: string, value: number, least: number) => {
    if (!Number.isSafeInteger(value) || value < least)
      faults.push(`${name} must be a whole number of at least ${least}, not ${value}`);
    else if (name.endsWith('Ms') && value > durationMaxMs)
      faults.push(`${name} must be at most ${durationMaxMs} (366 days), not ${value}`);
  };
  if (policy.maxRetries !== null) whole('maxRetries', policy.maxRetries, 0);
  whole('baseDelayMs', policy.baseDelayMs, 1);
  whole('maxDelayMs', policy.maxDelayMs, 1);
  whole('pollEveryMs', policy.pollEveryMs, 1);
  whole('resultGraceMs', policy.resultGraceMs, 0);
  if (policy.deadlineMs !== null) whole('deadlineMs', policy.deadlineMs, 1);
  whole('settlementMs', settlementMsOf(policy), 1);
  if (!(policy.jitter >= 0 && policy.jitter <= 1))
    faults.push(`jitter must be between 0 and 1, not ${policy.jitter}`);
  if (policy.maxDelayMs < policy.baseDelayMs) {
    faults.push(
      `maxDelayMs (${policy.maxDelayMs}) is below baseDelayMs (${policy.baseDelayMs}): no wait would ever grow; raise maxDelayMs`,
    );
  }
  return faults;
}
