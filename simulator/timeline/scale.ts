/** A stretch of time on the axis; an idle gap has the same width at any length. */
export interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fromPx: number;
  readonly toPx: number;
  readonly isGap: boolean;
}

export interface TimeScale {
  readonly segments: readonly Segment[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Place of an instant; one outside is at the nearer end. */
  px(ms: number): number;
  /** Instant of a place. */
  ms(px: number): number;
}

export interface ScaleOptions {
  /** Where the first and the last instant stand. */
  readonly fromPx: number;
  readonly toPx: number;
  /** Width of a compressed gap: the most, and the least where there are many. */
  readonly gapPx?: readonly [number, number];
}

/** At most this share of the width goes to compressed gaps. */
const gapShare = 0.6;
/** Less than this is no idle time, nor is what would be narrower than this on a linear axis. */
const gapLeastMs = 100;
const gapLeastPx = 8;

/**
 * Returns an axis for instants in order of time. Its longest idle gaps are compressed. What is between two gaps is linear, and
 * gets more of the width the more instants it has.
 */
export function timeScale(instants: readonly number[], options: ScaleOptions): TimeScale {
  const { fromPx, toPx, gapPx = [58, 34] } = options;
  const fromMs = instants[0] ?? 0;
  const toMs = instants.at(-1) ?? 0;
  const width = Math.max(1, toPx - fromPx);
  const steps = stepsOf(instants);
  const gaps = compressedGaps(steps, width, gapPx[1]);
  const bursts = burstsBetween(steps, gaps);
  const weight = bursts.reduce((sum, burst) => sum + burst.weight, 0);
  // Where all time is in gaps, they share the whole width.
  const gapWide =
    weight === 0
      ? width / Math.max(1, gaps.size)
      : Math.min(gapPx[0], Math.max(gapPx[1], (width * gapShare) / Math.max(1, gaps.size)));
  const rest = width - gapWide * gaps.size;
  const segments: Segment[] = [];
  let atPx = fromPx;
  for (const { fromMs: from, toMs: to, isGap, weight: own } of bursts) {
    const untilPx = atPx + (isGap ? gapWide : (rest * own) / weight);
    segments.push({ fromMs: from, toMs: to, fromPx: atPx, toPx: untilPx, isGap });
    atPx = untilPx;
  }
  const middle = (fromPx + toPx) / 2;
  return {
    ...{ segments, fromMs, toMs },
    px: segments.length === 0 ? () => middle : interpolation(segments.map(msEnds), segments.map(pxEnds)),
    ms: segments.length === 0 ? () => fromMs : interpolation(segments.map(pxEnds), segments.map(msEnds)),
  };
}

/** From one instant to the next. */
interface TimeStep {
  readonly fromMs: number;
  readonly toMs: number;
}

function stepsOf(instants: readonly number[]): TimeStep[] {
  const steps: TimeStep[] = [];
  for (let index = 1; index < instants.length; index += 1) {
    const [fromMs = 0, toMs = 0] = [instants[index - 1], instants[index]];
    if (toMs > fromMs) steps.push({ fromMs, toMs });
  }
  return steps;
}

/** The longest first, as long as there is room for them and they would be seen on a linear axis. */
function compressedGaps(steps: readonly TimeStep[], width: number, leastPx: number): Set<TimeStep> {
  const room = Math.floor((width * gapShare) / leastPx);
  const longest = steps
    .filter((step) => lengthOf(step) >= gapLeastMs)
    .toSorted((a, b) => lengthOf(b) - lengthOf(a) || a.fromMs - b.fromMs);
  const chosen = new Set<TimeStep>();
  let activeMs = 0;
  for (const step of steps) activeMs += lengthOf(step);
  for (const step of longest.slice(0, room)) {
    const linearPx = (lengthOf(step) / activeMs) * (width - chosen.size * leastPx);
    if (linearPx <= gapLeastPx) break;
    chosen.add(step);
    activeMs -= lengthOf(step);
  }
  return chosen;
}

interface Stretch {
  readonly fromMs: number;
  toMs: number;
  readonly isGap: boolean;
  /** Share of the width; a gap has none. */
  weight: number;
}

function burstsBetween(steps: readonly TimeStep[], gaps: ReadonlySet<TimeStep>): Stretch[] {
  const stretches: Stretch[] = [];
  let count = 0;
  for (const step of steps) {
    const last = stretches.at(-1);
    if (gaps.has(step)) {
      stretches.push({ ...step, isGap: true, weight: 0 });
    } else if (last === undefined || last.isGap) {
      count = 1;
      stretches.push({ ...step, isGap: false, weight: 1 });
    } else {
      count += 1;
      last.toMs = step.toMs;
      last.weight = count ** 0.7;
    }
  }
  return stretches;
}

const lengthOf = ({ fromMs, toMs }: TimeStep) => toMs - fromMs;

const msEnds = ({ fromMs, toMs }: Segment) => [fromMs, toMs] as const;
const pxEnds = ({ fromPx, toPx }: Segment) => [fromPx, toPx] as const;

/** Returns what leads from a value to its place. It finds the segment by bisection: there may be tens of thousands of questions. */
function interpolation(
  ends: readonly (readonly [number, number])[],
  places: readonly (readonly [number, number])[],
): (value: number) => number {
  // Plain lists of numbers: nothing is made for a question.
  const [froms, tos] = [ends.map(([from]) => from), ends.map(([, to]) => to)];
  const [firsts, lasts] = [places.map(([first]) => first), places.map(([, last]) => last)];
  return (value) => {
    let low = 0;
    let high = tos.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > (tos[middle] ?? 0)) low = middle + 1;
      else high = middle;
    }
    const from = froms[low] ?? 0;
    const to = tos[low] ?? 0;
    const first = firsts[low] ?? 0;
    const last = lasts[low] ?? 0;
    const share = to === from ? 0 : Math.min(1, Math.max(0, (value - from) / (to - from)));
    return first + share * (last - first);
  };
}
