import { type AttemptSpan, type Certainty, type FaultSpan, worse } from './event.ts';
import type { TimeScale } from './scale.ts';

/** One attempt, or several of one activation that would overlap. */
export interface AttemptBar {
  readonly row: number;
  readonly fromPx: number;
  readonly toPx: number;
  readonly activation: string;
  readonly from: number;
  readonly to: number;
  /** `3`, `3–5`; the first of an activation has its name too where there are several: `A2 1`. */
  readonly label: string;
  readonly certainty: Certainty;
}

export interface FaultBar {
  readonly row: number;
  readonly fromPx: number;
  readonly toPx: number;
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Rows<Bar> {
  readonly bars: readonly Bar[];
  readonly rowCount: number;
  /** What had no row left: a page says how many there are. */
  readonly hidden: number;
}

const attemptRowsMax = 6;
const faultRowsMax = 4;
/** The least width that shows a number. */
const barLeastPx = 18;
const characterPx = 7;

/** Returns the attempts as bars; those of one activation share a row. */
export function attemptBars(spans: readonly AttemptSpan[], scale: TimeScale): Rows<AttemptBar> {
  const byActivation = new Map<string, AttemptBar[]>();
  const isAlone = spans.every(({ activation }) => activation === spans[0]?.activation);
  for (const span of spans) {
    if (span.toMs < scale.fromMs || span.fromMs > scale.toMs) continue;
    const bars = byActivation.get(span.activation) ?? [];
    addBar(bars, span, scale, isAlone || bars.length > 0 ? '' : `${span.activation} `);
    byActivation.set(span.activation, bars);
  }
  const groups = [...byActivation.values()].toSorted((a, b) => (a[0]?.fromPx ?? 0) - (b[0]?.fromPx ?? 0));
  return inRows(groups, attemptRowsMax);
}

function addBar(bars: AttemptBar[], span: AttemptSpan, scale: TimeScale, prefix: string): void {
  const fromPx = scale.px(span.fromMs);
  const last = bars.at(-1);
  const label = `${prefix}${span.attempt}`;
  const leastPx = Math.max(barLeastPx, label.length * characterPx + 6);
  const bar: AttemptBar = {
    ...{ row: 0, fromPx, toPx: Math.max(scale.px(span.toMs), fromPx + leastPx) },
    ...{ activation: span.activation, from: span.attempt, to: span.attempt },
    ...{ label, certainty: span.certainty },
  };
  if (last === undefined || last.toPx <= bar.fromPx) {
    bars.push(bar);
    return;
  }
  const joined = `${last.label.split('–')[0]}–${bar.to}`;
  bars[bars.length - 1] = {
    ...last,
    toPx: Math.max(last.toPx, bar.toPx, last.fromPx + joined.length * characterPx + 6),
    to: bar.to,
    label: joined,
    certainty: worse(last.certainty, bar.certainty),
  };
}

/** Returns the faults of the visible time as bars, in the order in which they begin. */
export function faultBars(spans: readonly FaultSpan[], scale: TimeScale): Rows<FaultBar> {
  const groups = spans
    .map((span) => ({ ...span, toMs: span.toMs ?? Number.POSITIVE_INFINITY }))
    .filter(({ fromMs, toMs }) => toMs >= scale.fromMs && fromMs <= scale.toMs)
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .map(({ title, fromMs, toMs }): FaultBar[] => {
      const fromPx = scale.px(fromMs);
      return [{ row: 0, fromPx, toPx: Math.max(scale.px(toMs), fromPx + 2), title, fromMs, toMs }];
    });
  return inRows(groups, faultRowsMax);
}

/** Gives each group the first row in which it overlaps nothing. */
function inRows<Bar extends { readonly row: number; readonly fromPx: number; readonly toPx: number }>(
  groups: readonly (readonly Bar[])[],
  rowsMax: number,
): Rows<Bar> {
  const ends: number[] = [];
  const bars: Bar[] = [];
  let hidden = 0;
  for (const group of groups) {
    const fromPx = group[0]?.fromPx ?? 0;
    const free = ends.findIndex((end) => end + 2 <= fromPx);
    const row = free === -1 ? ends.length : free;
    if (row >= rowsMax) {
      hidden += group.length;
      continue;
    }
    ends[row] = group.at(-1)?.toPx ?? fromPx;
    bars.push(...group.map((bar) => ({ ...bar, row })));
  }
  return { bars, rowCount: ends.length, hidden };
}
