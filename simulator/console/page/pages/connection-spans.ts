/** A connect or a disconnect of a vehicle, as the API IoT lists them: newest first. */
export interface ConnectionChange {
  readonly at: number;
  readonly online: boolean;
  readonly reason: string;
}

export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Returns the times between two instants at which the vehicle was offline, as far as the history has them. */
export function offlineSpans(changes: readonly ConnectionChange[], { from, until }: Span): Span[] {
  const spans: Span[] = [];
  let end = until;
  for (const { at, online } of changes) {
    if (!online && at < end && end > from) spans.push({ from: Math.max(from, at), until: end });
    end = Math.min(end, at);
  }
  return spans.reverse();
}

/** Returns how long the state after each change lasted; null for the newest, which lasts. */
export function durations(changes: readonly ConnectionChange[]): (number | null)[] {
  return changes.map(({ at }, index) => {
    const next = changes[index - 1];
    return next === undefined ? null : next.at - at;
  });
}
