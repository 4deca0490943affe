/** Places values on a line of the drawing: `from` at the first place, `to` at the last. */
export function scale(
  [from, to]: readonly [number, number],
  [first, last]: readonly [number, number],
): (value: number) => number {
  const span = to - from || 1;
  return (value) => Math.round((first + ((value - from) / span) * (last - first)) * 10) / 10;
}

/** Round numbers from 0 to at least `most`, about five of them: 0, 20, 40, 60. */
export function ticks(most: number): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((one) => one >= rough) ?? rough;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, index) => Math.round(index * step * 1_000) / 1_000);
}

/** As `ticks`, for things that are counted: whole numbers only. */
export function countTicks(most: number): number[] {
  return ticks(Math.max(most, 4)).filter(Number.isInteger);
}
