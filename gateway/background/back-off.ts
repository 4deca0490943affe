/** Durations in milliseconds. */
export interface BackOff {
  /** The wait after the first failure; each further one doubles it. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Returns the wait after so many failures in a row (1 or more): `min(2^(failures − 1) × base, max)`. */
export function backOffMs({ baseMs, maxMs }: BackOff, failures: number): number {
  return Math.min(2 ** Math.min(failures - 1, 52) * baseMs, maxMs);
}
