/** When a fault acts, as the control of faults shows it. */
export interface FaultTimes {
  readonly addedAt: number;
  /** When it was removed; absent while it is there. */
  readonly removedAt?: number | undefined;
  readonly schedule?:
    | { readonly afterMs?: number; readonly forMs?: number | null; readonly everyMs?: number }
    | undefined;
}

export interface TimeSpan {
  readonly from: number;
  readonly until: number;
}

/** More windows than a chart can show are drawn as one. */
const windowsMax = 200;

/**
 * Returns the windows of a fault within a span, oldest first. One without an end lasts until the fault was removed, or until the end
 * of the span.
 */
export function faultWindows(
  { addedAt, removedAt = Number.POSITIVE_INFINITY, schedule = {} }: FaultTimes,
  given: TimeSpan,
): TimeSpan[] {
  const span = { from: given.from, until: Math.min(given.until, removedAt) };
  const { afterMs = 0, forMs = null, everyMs } = schedule;
  const first = addedAt + afterMs;
  const within = (from: number): TimeSpan => ({
    from: Math.max(span.from, from),
    until: Math.min(span.until, forMs === null ? span.until : from + forMs),
  });
  const shows = ({ from, until }: TimeSpan) => from < until;
  if (everyMs === undefined || everyMs <= 0) return [within(first)].filter(shows);
  const count = Math.ceil((span.until - first) / everyMs);
  if (count > windowsMax) return [{ from: Math.max(span.from, first), until: span.until }].filter(shows);
  return Array.from({ length: Math.max(0, count) }, (_, index) => within(first + index * everyMs)).filter(
    shows,
  );
}
