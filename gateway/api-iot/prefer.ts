/** The `wait` of a Prefer header (RFC 7240) in milliseconds, capped; 0 when there is none or it is malformed. */
export function preferredWaitMs(header: string | undefined, maxMs: number): number {
  const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:;|,|$)/i.exec(header ?? '')?.[1];
  return wait === undefined ? 0 : Math.min(Number(wait) * 1000, maxMs);
}
