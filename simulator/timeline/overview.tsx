import { useMemo, useRef } from 'preact/hooks';
import { instantText } from './duration.ts';
import { type Certainty, worse } from './event.ts';
import { timeScale } from './scale.ts';
import { chooseRange, type TimelineView } from './view.ts';

const height = 44;
const barPx = 4;

/** All of a timeline, small, with the chosen time as a window that can be moved, and resized at either end. */
export function Overview({ view, width }: { readonly view: TimelineView; readonly width: number }) {
  const { events } = view.timeline;
  const scale = useMemo(
    () =>
      timeScale(
        events.map(({ atMs }) => atMs),
        { fromPx: 8, toPx: width - 8, gapPx: [20, 12] },
      ),
    [events, width],
  );
  const bars = useMemo(() => barsOf(view, scale.px), [view, scale]);
  const box = useRef<HTMLDivElement>(null);
  const dragged = useRef<Drag | null>(null);
  const [from, to] = view.range.value;
  const [fromPx, toPx] = [scale.px(events[from]?.atMs ?? 0), scale.px(events[to]?.atMs ?? 0)];
  const indexAt = (clientX: number) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    return indexOf(view, scale.ms(clientX - left));
  };
  const onPointerMove = (event: PointerEvent) => {
    if (dragged.current !== null) moved(view, dragged.current, indexAt(event.clientX));
  };
  const begin = (part: Drag['part']) => (event: PointerEvent) => {
    event.stopPropagation();
    box.current?.setPointerCapture(event.pointerId);
    dragged.current = { part, at: indexAt(event.clientX), range: view.range.value };
  };
  const end = () => {
    dragged.current = null;
  };
  return (
    <div
      class="tl-overview"
      ref={box}
      onPointerDown={begin('new')}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <svg width={width} height={height} aria-hidden="true">
        {bars.map(({ certainty, path }) => (
          <path key={certainty} class={`tl-bar tl-${certainty}`} d={path} />
        ))}
        <rect class="tl-outside" x={0} y={0} width={Math.max(0, fromPx - 6)} height={height} />
        <rect class="tl-outside" x={toPx + 6} y={0} width={Math.max(0, width - toPx - 6)} height={height} />
      </svg>
      <div
        class="tl-window"
        style={{ left: `${fromPx - 6}px`, width: `${toPx - fromPx + 12}px` }}
        onPointerDown={begin('both')}
      />
      <Handle view={view} end={0} px={fromPx - 6} onPointerDown={begin(0)} />
      <Handle view={view} end={1} px={toPx + 6} onPointerDown={begin(1)} />
    </div>
  );
}

interface Drag {
  readonly part: 0 | 1 | 'both' | 'new';
  readonly at: number;
  readonly range: readonly [number, number];
}

function moved(view: TimelineView, { part, at, range: [from, to] }: Drag, index: number): void {
  if (part === 0) chooseRange(view, Math.min(index, to - 1), to);
  else if (part === 1) chooseRange(view, from, Math.max(index, from + 1));
  else if (part === 'new') chooseRange(view, at, index);
  else {
    const last = view.timeline.events.length - 1;
    const by = Math.min(last - to, Math.max(-from, index - at));
    chooseRange(view, from + by, to + by);
  }
}

function Handle(props: {
  readonly view: TimelineView;
  readonly end: 0 | 1;
  readonly px: number;
  readonly onPointerDown: (event: PointerEvent) => void;
}) {
  const { view, end, px, onPointerDown } = props;
  const { events } = view.timeline;
  const value = view.range.value[end];
  const onKeyDown = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, value, events.length - 1);
    if (target === null) return;
    event.preventDefault();
    const [from, to] = view.range.value;
    if (end === 0) chooseRange(view, Math.min(target, to - 1), to);
    else chooseRange(view, from, Math.max(target, from + 1));
  };
  return (
    <div
      class="tl-handle"
      role="slider"
      tabIndex={0}
      aria-label={end === 0 ? 'First event shown' : 'Last event shown'}
      aria-valuemin={1}
      aria-valuemax={Math.max(1, events.length)}
      aria-valuenow={value + 1}
      aria-valuetext={`event ${value + 1} of ${events.length}, ${instantText(events[value]?.atMs ?? 0)}`}
      style={{ left: `${px - 7}px` }}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    />
  );
}

function keyTarget(key: string, value: number, last: number): number | null {
  const large = Math.max(1, Math.round(last / 10));
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return value + 1;
    case 'ArrowLeft':
    case 'ArrowDown':
      return value - 1;
    case 'PageUp':
      return value + large;
    case 'PageDown':
      return value - large;
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

/** Index of the event that is nearest to an instant. */
function indexOf({ timeline: { events } }: TimelineView, ms: number): number {
  let low = 0;
  let high = events.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.atMs ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [events[low - 1]?.atMs, events[low]?.atMs ?? 0];
  return before !== undefined && ms - before < after - ms ? low - 1 : low;
}

/** Returns the number of events along the axis as bars, one path for each result. */
function barsOf({ timeline: { events } }: TimelineView, px: (ms: number) => number) {
  const bars = new Map<number, { count: number; certainty: Certainty }>();
  for (const { atMs, certainty } of events) {
    const x = Math.floor(px(atMs) / barPx) * barPx;
    const bar = bars.get(x);
    if (bar === undefined) {
      bars.set(x, { count: 1, certainty });
      continue;
    }
    bar.count += 1;
    bar.certainty = worse(bar.certainty, certainty);
  }
  const most = Math.max(1, ...[...bars.values()].map(({ count }) => count));
  const paths = new Map<Certainty, string>();
  for (const [x, { count, certainty }] of bars) {
    const high = Math.max(4, Math.round((Math.log1p(count) / Math.log1p(most)) * (height - 10)));
    const bar = `M${x} ${height - 4}v${-high}h${barPx - 1}v${high}z`;
    paths.set(certainty, `${paths.get(certainty) ?? ''}${bar}`);
  }
  return [...paths].map(([certainty, path]) => ({ certainty, path }));
}
