import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Timeline, TimelineEvent } from './event.ts';
import { type Prepared, prepared } from './layout.ts';

/** What a reader has chosen to see of a timeline. Everything else on a page may follow the same signals. */
export interface TimelineView {
  readonly timeline: Prepared;
  /** Indices of the first and the last event in the chosen time. */
  readonly range: Signal<readonly [number, number]>;
  /** Only this activation; null: all. */
  readonly activation: Signal<string | null>;
  /** Id of the chosen event. */
  readonly selected: Signal<string | null>;
  readonly span: ReadonlySignal<{ readonly fromMs: number; readonly toMs: number }>;
  /** Events of the chosen time and activation, in the order of time. */
  readonly shown: ReadonlySignal<readonly TimelineEvent[]>;
  readonly selectedEvent: ReadonlySignal<TimelineEvent | null>;
}

export function newView(source: Timeline): TimelineView {
  const timeline = prepared(source);
  const { events } = timeline;
  const range = signal<readonly [number, number]>([0, Math.max(0, events.length - 1)]);
  const activation = signal<string | null>(null);
  const selected = signal<string | null>(null);
  const byId = new Map(events.map((event) => [event.id, event]));
  return {
    ...{ timeline, range, activation, selected },
    span: computed(() => ({
      fromMs: events[range.value[0]]?.atMs ?? 0,
      toMs: events[range.value[1]]?.atMs ?? 0,
    })),
    shown: computed(() => {
      const [from, to] = range.value;
      const inTime = events.slice(from, to + 1);
      const wanted = activation.value;
      if (wanted === null) return inTime;
      return inTime.filter((event) => event.activation === undefined || event.activation === wanted);
    }),
    selectedEvent: computed(() => byId.get(selected.value ?? '') ?? null),
  };
}

/** Chooses the time between two events, given in either order; one event alone gets a neighbour on each side. */
export function chooseRange(view: TimelineView, one: number, other: number): void {
  const last = view.timeline.events.length - 1;
  const within = (index: number) => Math.min(last, Math.max(0, index));
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  view.range.value = from === to ? [within(from - 1), within(to + 1)] : [within(from), within(to)];
}

export function showAll(view: TimelineView): void {
  view.range.value = [0, Math.max(0, view.timeline.events.length - 1)];
}

/** Halves the number of events in the chosen time around the chosen event, or doubles it. */
export function zoom(view: TimelineView, direction: 'in' | 'out'): void {
  const [from, to] = view.range.value;
  const chosen = view.timeline.events.findIndex(({ id }) => id === view.selected.value);
  const middle = chosen === -1 ? (from + to) / 2 : chosen;
  const half = ((to - from) / 2) * (direction === 'in' ? 0.5 : 2);
  chooseRange(view, Math.floor(middle - half), Math.ceil(middle + half));
}

/** Chooses an event by its id, and shows it if the chosen time or activation left it out. False: there is none. */
export function chooseEvent(view: TimelineView, id: string): boolean {
  const index = view.timeline.events.findIndex((event) => event.id === id);
  const event = view.timeline.events[index];
  if (event === undefined) return false;
  const { activation, range, selected } = view;
  if (event.activation !== undefined && activation.value !== null && activation.value !== event.activation)
    activation.value = null;
  if (index < range.value[0] || index > range.value[1]) showAll(view);
  selected.value = id;
  return true;
}

export type Step = 'next' | 'previous' | 'first' | 'last' | 'lane above' | 'lane below';

/** Chooses the event that a key leads to from the chosen one. */
export function step(view: TimelineView, direction: Step): void {
  const events = view.shown.value;
  const at = events.findIndex(({ id }) => id === view.selected.value);
  const event = targetOf(view, events, at, direction);
  if (event !== undefined) view.selected.value = event.id;
}

function targetOf(
  view: TimelineView,
  events: readonly TimelineEvent[],
  at: number,
  direction: Step,
): TimelineEvent | undefined {
  if (direction === 'first' || (at === -1 && direction !== 'last')) return events[0];
  if (direction === 'last') return events.at(-1);
  if (direction === 'next') return events[at + 1];
  if (direction === 'previous') return events[Math.max(0, at - 1)];
  const { lanes } = view.timeline;
  const from = events[at];
  if (from === undefined) return undefined;
  const way = direction === 'lane above' ? -1 : 1;
  for (let lane = lanes.indexOf(from.lane) + way; lanes[lane] !== undefined; lane += way) {
    const near = nearest(
      events.filter((event) => event.lane === lanes[lane]),
      from.atMs,
    );
    if (near !== undefined) return near;
  }
  return from;
}

function nearest(events: readonly TimelineEvent[], atMs: number): TimelineEvent | undefined {
  return events.reduce<TimelineEvent | undefined>(
    (best, event) =>
      best === undefined || Math.abs(event.atMs - atMs) < Math.abs(best.atMs - atMs) ? event : best,
    undefined,
  );
}
