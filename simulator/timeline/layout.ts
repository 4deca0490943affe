import { groupBy } from '../../shared/memory/group.ts';
import { visibleText } from '../../shared/protocol/plain-text.ts';
import { type AttemptBar, attemptBars, type FaultBar, faultBars, type Rows } from './bars.ts';
import { lengthText } from './duration.ts';
import {
  type AttemptSpan,
  attemptsOf,
  type Certainty,
  type Importance,
  inOrder,
  type Lane,
  lanes,
  type Timeline,
  type TimelineEvent,
} from './event.ts';
import { type Mark, marksOf } from './marks.ts';
import { type Segment, type TimeScale, timeScale } from './scale.ts';
import { type Tick, ticksOf } from './ticks.ts';

/** A timeline with what follows from its data alone, prepared once. */
export interface Prepared {
  readonly title: string;
  readonly events: readonly TimelineEvent[];
  /** Those that have an event, in the order of `lanes`. */
  readonly lanes: readonly Lane[];
  readonly attempts: readonly AttemptSpan[];
  readonly faults: Timeline['faults'];
  readonly activations: readonly string[];
}

/** Orders the events; characters of their texts that show nothing, or turn the direction of writing, become visible. */
export function prepared({ title, events, faults }: Timeline): Prepared {
  const ordered = inOrder(events.map(shownEvent));
  const used = new Set(ordered.flatMap(({ lane, toLane }) => [lane, toLane ?? lane]));
  return {
    title: visibleText(title),
    events: ordered,
    lanes: lanes.filter((lane) => used.has(lane)),
    attempts: attemptsOf(ordered),
    faults: faults.map((fault) => ({ ...fault, title: visibleText(fault.title) })),
    activations: [...new Set(ordered.flatMap(({ activation }) => activation ?? []))],
  };
}

/** Printable ASCII needs no further look, and most texts are that. */
const plain = /^[\x20-\x7e]*$/;

function shown(text: string): string {
  return plain.test(text) ? text : visibleText(text);
}

/** Whether every text of an event is shown as it is, as those of nearly all are: such an event needs no copy. */
function isPlain({ title, activation, details }: TimelineEvent): boolean {
  if (!plain.test(title) || (activation !== undefined && !plain.test(activation))) return false;
  return Object.entries(details ?? {}).every(([name, value]) => plain.test(name) && plain.test(value));
}

function shownEvent(event: TimelineEvent): TimelineEvent {
  if (isPlain(event)) return event;
  const { title, activation, details = {} } = event;
  const fields = Object.entries(details).map(([name, value]) => [shown(name), shown(value)]);
  return {
    ...event,
    title: shown(title),
    ...(activation === undefined ? {} : { activation: shown(activation) }),
    details: Object.fromEntries(fields),
  };
}

export interface LayoutOptions {
  readonly width: number;
  /** Where the lanes' names end. */
  readonly leftPx: number;
  readonly laneHeight: number;
  /** Only this time is shown; both ends included. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only events of this activation, and those of none. */
  readonly activation?: string | null;
  /** Instants that the axis has to have too: those of a timeline beside this one. */
  readonly alongside?: readonly number[];
}

export interface Arrow {
  readonly id: string;
  readonly x: number;
  readonly fromY: number;
  readonly toY: number;
  readonly certainty: Certainty;
  readonly importance: Importance;
}

export interface Gap {
  readonly fromPx: number;
  readonly toPx: number;
  /** `4 min 58 s` */
  readonly text: string;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly leftPx: number;
  readonly scale: TimeScale;
  /** Events that are shown, in the order of time. */
  readonly events: readonly TimelineEvent[];
  readonly laneRows: readonly { readonly lane: Lane; readonly y: number }[];
  readonly laneHeight: number;
  readonly lanesTop: number;
  readonly attemptsTop: number;
  readonly faultsTop: number;
  readonly marks: readonly Mark[];
  readonly arrows: readonly Arrow[];
  /** Messages whose arrows were left out because there are too many. */
  readonly arrowsHidden: number;
  readonly attempts: Rows<AttemptBar>;
  readonly faults: Rows<FaultBar>;
  readonly gaps: readonly Gap[];
  readonly ticks: readonly Tick[];
}

export const rowPx = { axis: 40, fault: 18, attempt: 22 } as const;
const edgePx = 16;
/** More arrows than these hide each other. */
const arrowsMax = 240;

/** Returns where everything of a timeline stands. The same input gives the same output. */
export function layoutOf(timeline: Prepared, options: LayoutOptions): Layout {
  const { width, leftPx, laneHeight, activation = null } = options;
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = options;
  const isShown = (one: string | undefined) => activation === null || one === undefined || one === activation;
  const events = timeline.events.filter(
    (event) => event.atMs >= fromMs && event.atMs <= toMs && isShown(event.activation),
  );
  const scale = timeScale(instantsOf(events, options.alongside ?? [], fromMs, toMs), {
    ...{ fromPx: leftPx + edgePx, toPx: Math.max(leftPx + edgePx + 1, width - edgePx) },
  });
  const attempts = attemptBars(
    timeline.attempts.filter((span) => isShown(span.activation === '' ? undefined : span.activation)),
    scale,
  );
  const faults = faultBars(timeline.faults, scale);
  const faultsTop = rowPx.axis;
  const attemptsTop = faultsTop + faults.rowCount * rowPx.fault;
  const lanesTop = attemptsTop + attempts.rowCount * rowPx.attempt + 6;
  const laneRows = timeline.lanes.map((lane, row) => ({ lane, y: lanesTop + (row + 0.5) * laneHeight }));
  const byLane = groupBy(events, ({ lane }) => lane);
  const arrows = arrowsOf(events, scale, new Map(laneRows.map(({ lane, y }) => [lane, y])));
  return {
    ...{ width, leftPx, laneHeight, scale, events, laneRows, faultsTop, attemptsTop, lanesTop },
    height: lanesTop + laneRows.length * laneHeight + 4,
    marks: timeline.lanes.flatMap((lane) => marksOf(lane, byLane.get(lane) ?? [], scale.px, width)),
    arrows: arrows.shown,
    arrowsHidden: arrows.hidden,
    ...{ attempts, faults },
    gaps: scale.segments
      .filter(({ isGap }) => isGap)
      .map((gap) => ({ fromPx: gap.fromPx, toPx: gap.toPx, text: gapText(gap) })),
    ticks: ticksOf(scale),
  };
}

/** The length of a gap in two units where there is room for them, else in one. */
function gapText({ fromMs, toMs, fromPx, toPx }: Segment): string {
  const long = lengthText(toMs - fromMs);
  return long.length * 5.6 <= toPx - fromPx ? long : long.split(' ').slice(0, 2).join(' ');
}

function instantsOf(
  events: readonly TimelineEvent[],
  alongside: readonly number[],
  fromMs: number,
  toMs: number,
): number[] {
  const own = events.map(({ atMs }) => atMs);
  if (alongside.length === 0) return own;
  return [...own, ...alongside.filter((ms) => ms >= fromMs && ms <= toMs)].toSorted((a, b) => a - b);
}

/** One arrow for messages that would be drawn over each other; where there are too many, those of the important ones. */
function arrowsOf(events: readonly TimelineEvent[], scale: TimeScale, rows: ReadonlyMap<Lane, number>) {
  const places = new Map<number, Arrow>();
  const numbers = new Map([...rows.keys()].map((lane, place) => [lane, place]));
  let count = 0;
  for (const { id, atMs, lane, toLane, certainty, importance } of events) {
    if (toLane === undefined || toLane === lane) continue;
    count += 1;
    const x = Math.round(scale.px(atMs) * 2) / 2;
    // Numbers: a text for each of ten thousand events takes longer than all the rest.
    const place = (Math.round(x / 2) * 16 + (numbers.get(lane) ?? 0)) * 16 + (numbers.get(toLane) ?? 0);
    const known = places.get(place);
    if (known !== undefined && known.importance >= importance) continue;
    const [fromY = 0, toY = 0] = [rows.get(lane), rows.get(toLane)];
    places.set(place, { id, x, fromY, toY, certainty, importance });
  }
  const all = [...places.values()];
  const enough = ([1, 2, 3] as const)
    .map((least) => all.filter(({ importance }) => importance >= least))
    .find((some) => some.length <= arrowsMax);
  const shown = enough ?? [];
  return { shown, hidden: shown.length === all.length ? 0 : count - shown.length };
}
