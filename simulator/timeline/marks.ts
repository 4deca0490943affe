import { type Certainty, type Importance, type Lane, type TimelineEvent, worse } from './event.ts';

/** One event, or several of one lane that would overlap, drawn as one. */
export interface Mark {
  readonly lane: Lane;
  /** In the order of time. */
  readonly events: readonly TimelineEvent[];
  readonly x: number;
  /** From `x` to each side, everything that is drawn of it included. */
  readonly half: number;
  readonly radius: number;
  readonly certainty: Certainty;
  readonly importance: Importance;
  /** Id of the event that the label names: the first of the most important ones. */
  readonly lead: string;
  /** Title of its most important event, cut to the room that is left in the lane; empty: no room. */
  readonly label: string;
}

const radii: Readonly<Record<Importance, number>> = { 1: 3.5, 2: 5, 3: 7 };
/** Between two marks of a lane. */
const apartPx = 1;
/** Mean width of a character of a label, and the fewest that say something. */
const characterPx = 6.5;
const labelLeast = 6;

interface Growing {
  readonly from: number;
  until: number;
  firstX: number;
  lastX: number;
  certainty: Certainty;
  importance: Importance;
}

/** Returns the marks of one lane from left to right; no two overlap, and each event is in one of them. */
export function marksOf(
  lane: Lane,
  events: readonly TimelineEvent[],
  px: (ms: number) => number,
  endPx: number,
): Mark[] {
  const groups: Growing[] = [];
  for (const [index, { atMs, certainty, importance }] of events.entries()) {
    const x = px(atMs);
    groups.push({ from: index, until: index + 1, firstX: x, lastX: x, certainty, importance });
    while (mergesLast(groups)) {
      // A merged mark is wider, and may now touch the one before it.
    }
  }
  const marks = groups.map((group) => ({ group, ...extentOf(group) }));
  return marks.map(({ group, x, half }, index) => {
    const own = events.slice(group.from, group.until);
    const next = marks[index + 1];
    const room = (next === undefined ? endPx : next.x - next.half) - (x + half) - 8;
    const lead = leadOf(own);
    return {
      ...{ lane, events: own, x, half, radius: radii[group.importance] },
      ...{ certainty: group.certainty, importance: group.importance },
      lead: lead?.id ?? '',
      label: labelOf(lead?.title ?? '', Math.floor(room / characterPx)),
    };
  });
}

function mergesLast(groups: Growing[]): boolean {
  const [before, last] = [groups.at(-2), groups.at(-1)];
  if (before === undefined || last === undefined) return false;
  const [left, right] = [extentOf(before), extentOf(last)];
  if (left.x + left.half + apartPx <= right.x - right.half) return false;
  groups.pop();
  before.until = last.until;
  before.lastX = last.lastX;
  before.certainty = worse(before.certainty, last.certainty);
  before.importance = Math.max(before.importance, last.importance) as Importance;
  return true;
}

/** A mark of several events shows their number, so it needs room for the digits. */
function extentOf({ from, until, firstX, lastX, importance }: Growing): { x: number; half: number } {
  const count = until - from;
  const half = count === 1 ? radii[importance] : Math.max(radii[importance], 5 + 3.5 * String(count).length);
  return { x: (firstX + lastX) / 2, half };
}

function leadOf(events: readonly TimelineEvent[]): TimelineEvent | undefined {
  return events.reduce<TimelineEvent | undefined>(
    (lead, event) => (lead !== undefined && lead.importance >= event.importance ? lead : event),
    undefined,
  );
}

function labelOf(title: string, characters: number): string {
  if (characters < labelLeast) return '';
  return title.length <= characters ? title : `${title.slice(0, characters - 1)}…`;
}

/** Around a mark, for fingers. */
const reachPx = 6;

/** Returns the mark of a lane that is at a place, the nearest of several, or undefined. */
export function markAt(marks: readonly Mark[], lane: Lane | undefined, x: number): Mark | undefined {
  const near = marks.filter((mark) => mark.lane === lane && Math.abs(mark.x - x) <= mark.half + reachPx);
  return near.toSorted((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0];
}
