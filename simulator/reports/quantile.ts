/**
 * The smallest of the values that at least this share of them does not exceed (nearest rank): always a value that was
 * measured. Null when there is none. `share` is in (0, 1].
 */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
