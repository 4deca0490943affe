import { instantText } from './duration.ts';
import type { Segment, TimeScale } from './scale.ts';

export interface Tick {
  readonly px: number;
  readonly text: string;
}

/** Width of a tick's text, with the space around it. */
const tickPx = 84;
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30].map((s) => s * 1_000),
  [1, 2, 5, 10, 15, 30].map((min) => min * 60_000),
  [1, 2, 3, 6, 12, 24, 48, 96, 168].map((h) => h * 3_600_000),
);

/** Returns instants with their texts, none of which overlap: where each stretch between two gaps begins, and round ones. */
export function ticksOf({ segments }: TimeScale): Tick[] {
  const ticks: Tick[] = [];
  const endPx = segments.at(-1)?.toPx ?? 0;
  const add = (px: number, ms: number) => {
    const last = ticks.at(-1);
    // A text that begins near the end would leave the drawing.
    const isCut = px > endPx - tickPx / 2;
    if (last === undefined || (px - last.px >= tickPx && !isCut)) ticks.push({ px, text: instantText(ms) });
  };
  for (const segment of segments) {
    if (segment.isGap) continue;
    add(segment.fromPx, segment.fromMs);
    for (const ms of roundInstants(segment)) add(place(segment, ms), ms);
  }
  return ticks;
}

const place = ({ fromMs, toMs, fromPx, toPx }: Segment, ms: number) =>
  fromPx + ((ms - fromMs) / (toMs - fromMs)) * (toPx - fromPx);

function roundInstants({ fromMs, toMs, fromPx, toPx }: Segment): number[] {
  const wanted = (toMs - fromMs) / Math.max(1, (toPx - fromPx) / tickPx);
  const step = steps.find((one) => one >= wanted);
  if (step === undefined) return [];
  const first = Math.ceil(fromMs / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, n) => first + n * step,
  );
}
