/** Every form of a date in HTTP begins with the day of the week (RFC 9110 section 5.6.7). */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;

/** Returns the wait that Retry-After names, in seconds or as an HTTP date (RFC 9110 section 10.2.3); null without one. */
export function namedWaitMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  const waitMs = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : httpDate.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}
