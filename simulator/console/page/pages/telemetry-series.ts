/** What a vehicle reported at one moment: numbers by VSS path. */
export interface TelemetrySample {
  readonly at: number;
  readonly signals: Readonly<Record<string, number>>;
}

export interface SeriesPoint {
  readonly at: number;
  readonly value: number;
}

/** The course of one signal. */
export interface Series {
  readonly path: string;
  /** In the order of time. */
  readonly points: readonly SeriesPoint[];
  readonly least: number;
  readonly most: number;
}

/** Signals that are drawn, and values that the page keeps of those that it saw itself. */
export const seriesMax = 16;
export const seenMax = 400;

/** Returns the samples with what the page has just read; nothing new where the vehicle has not reported since. */
export function withSeen(
  seen: readonly TelemetrySample[],
  at: number | null,
  telemetry: Readonly<Record<string, unknown>>,
): readonly TelemetrySample[] {
  if (at === null || at <= (seen.at(-1)?.at ?? 0)) return seen;
  const numbers = Object.entries(telemetry).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === 'number' && !entry[0].startsWith('Vehicle.CurrentLocation.'),
  );
  return [...seen, { at, signals: Object.fromEntries(numbers) }].slice(-seenMax);
}

/** Returns the course of each signal that has at least two values, in the order of their names. */
export function seriesOf(
  stored: readonly TelemetrySample[],
  seen: readonly TelemetrySample[],
): readonly Series[] {
  const samples = [...new Map([...stored, ...seen].map((sample) => [sample.at, sample])).values()].sort(
    (one, other) => one.at - other.at,
  );
  const points = new Map<string, SeriesPoint[]>();
  for (const { at, signals } of samples) {
    for (const [path, value] of Object.entries(signals)) {
      const known = points.get(path);
      if (known === undefined) points.set(path, [{ at, value }]);
      else known.push({ at, value });
    }
  }
  return [...points]
    .filter(([, values]) => values.length > 1)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, seriesMax)
    .map(([path, values]) => {
      const [least, most] = [
        Math.min(...values.map(({ value }) => value)),
        Math.max(...values.map(({ value }) => value)),
      ];
      return { path, points: values, least, most };
    });
}

/** Returns the point that is closest to an instant. */
export function pointAt({ points }: Series, at: number): SeriesPoint | undefined {
  let best = points[0];
  for (const point of points)
    if (best === undefined || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  return best;
}

/** `1,234.5`: a value of a signal. */
export function valueText(value: number): string {
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }).format(value);
}
