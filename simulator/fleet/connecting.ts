/** Returns how long the rest of a fleet still takes to connect at the pace so far, in milliseconds; null before the first. */
export function connectingMs(finished: number, total: number, intoMs: number): number | null {
  return finished === 0 || intoMs <= 0 ? null : Math.round((intoMs * (total - finished)) / finished);
}
