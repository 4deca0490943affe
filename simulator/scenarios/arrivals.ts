import { z } from 'zod';
import { msSchema } from '../faults/unit-schemas.ts';
import { runMsMax } from './time-limits.ts';

/** Points of a curve of rates: linear between two points, constant before the first and after the last. */
export const arrivalsSchema = z
  .array(
    z.strictObject({
      atMs: msSchema(0, runMsMax).describe('From the first moment of the workload.'),
      rate: z
        .number()
        .min(0)
        .max(1_000_000)
        .describe('Relative to the other points: 10 is ten times as many purchases a minute as 1.'),
    }),
  )
  .min(1)
  .max(100);
export type Arrivals = z.infer<typeof arrivalsSchema>;

interface Segment {
  readonly fromMs: number;
  readonly lengthMs: number;
  readonly fromRate: number;
  readonly toRate: number;
}

/** Returns the moment, 0 to `overMs`, before which this fraction of all purchases has arrived. */
export function arrivalAt(arrivals: Arrivals, overMs: number, fraction: number): number {
  const segments = segmentsOf(arrivals, overMs);
  let left = fraction * segments.reduce((sum, segment) => sum + areaOf(segment), 0);
  for (const segment of segments) {
    const area = areaOf(segment);
    if (left < area) return Math.floor(segment.fromMs + intoSegment(segment, left));
    left -= area;
  }
  return overMs;
}

function segmentsOf(arrivals: Arrivals, overMs: number): Segment[] {
  const [first] = arrivals;
  const last = arrivals.at(-1);
  if (!first || !last) return [];
  const points = [{ atMs: 0, rate: first.rate }, ...arrivals, { atMs: overMs, rate: last.rate }];
  return points.slice(1).map(({ atMs, rate }, index) => {
    const from = points[index] ?? first;
    return { fromMs: from.atMs, lengthMs: atMs - from.atMs, fromRate: from.rate, toRate: rate };
  });
}

function areaOf({ lengthMs, fromRate, toRate }: Segment): number {
  return (lengthMs * (fromRate + toRate)) / 2;
}

/** Where the area from the segment's beginning is `area`: the root of a quadratic, in the form that divides by no small number. */
function intoSegment({ lengthMs, fromRate, toRate }: Segment, area: number): number {
  if (area === 0) return 0;
  const slope = (toRate - fromRate) / lengthMs;
  return (2 * area) / (fromRate + Math.sqrt(Math.max(0, fromRate ** 2 + 2 * slope * area)));
}

/** Returns what is wrong with a curve, with its index and the fix. */
export function arrivalMistakes(
  arrivals: Arrivals,
  overMs: number,
): readonly { readonly index: number; readonly key: 'atMs' | 'rate'; readonly text: string }[] {
  const ofPoints = arrivals.flatMap(({ atMs }, index) => {
    const beforeMs = arrivals[index - 1]?.atMs ?? 0;
    if (atMs > overMs) {
      const text = `is ${atMs}, and purchases arrive within ${overMs} ms; write at most ${overMs}, or raise purchases.overMs`;
      return [{ index, key: 'atMs' as const, text }];
    }
    return atMs < beforeMs
      ? [
          {
            index,
            key: 'atMs' as const,
            text: `is ${atMs}, before the point above it; write the points in order`,
          },
        ]
      : [];
  });
  if (ofPoints.length > 0 || arrivals.some(({ rate }) => rate > 0)) return ofPoints;
  return [
    { index: 0, key: 'rate', text: 'is 0, as at every other point; write a rate above 0 at one point' },
  ];
}
