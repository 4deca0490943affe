/** A duration in the unit that fits it: `850 ms`, `12.5 s`, `7.4 min`, `2 h`. */
export function uncompressedTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${rounded(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${rounded(ms / 60_000)} min`;
  return `${rounded(ms / 3_600_000)} h`;
}

/** Returns a number with one decimal at most. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
