import { useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Chart } from './chart.tsx';
import { instantText, lengthText } from './duration.ts';
import { EventDetails } from './event-details.tsx';
import { EventList } from './event-list.tsx';
import { type Layout, layoutOf } from './layout.ts';
import { markAt } from './marks.ts';
import { Overview } from './overview.tsx';
import { placeText, saidText } from './text.ts';
import { chooseEvent, chooseRange, type Step, showAll, step, type TimelineView, zoom } from './view.ts';

export interface TimelineProps {
  readonly view: TimelineView;
  /** Address of an event on this page; without it the details have no link. */
  readonly linkOf?: (id: string) => string;
  /** One of two timelines: the other one's instants stand on this axis too. */
  readonly alongside?: TimelineView;
}

/** A timeline: its time slider, its drawing, the chosen event, and all events as text. */
export function Timeline({ view, linkOf, alongside }: TimelineProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  // Before the first painting, so that nothing is drawn that has no width yet.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      width.value = Math.floor(element.clientWidth);
    });
    width.value = Math.floor(element.clientWidth);
    observer.observe(element);
    return () => observer.disconnect();
  }, [width]);
  const layout = useComputed(() => layoutFor(view, width.value, alongside));
  const { title, events } = view.timeline;
  return (
    <section class="tl" aria-label={`Timeline: ${title}`}>
      <Head view={view} />
      <div ref={box} />
      {events.length === 0 ? (
        <p class="tl-soft">Nothing happened.</p>
      ) : width.value === 0 ? null : (
        <>
          <Overview view={view} width={width.value} />
          <Plot view={view} layout={layout.value} />
          <Legend layout={layout.value} />
          <Notes layout={layout.value} />
          <EventDetails view={view} {...(linkOf ? { linkOf } : {})} />
          <EventList view={view} />
        </>
      )}
    </section>
  );
}

function layoutFor(view: TimelineView, width: number, alongside: TimelineView | undefined): Layout {
  // On a common axis both show the time that either of them shows.
  const spans = [view, ...(alongside === undefined ? [] : [alongside])].map(({ span }) => span.value);
  const fromMs = Math.min(...spans.map((span) => span.fromMs));
  const toMs = Math.max(...spans.map((span) => span.toMs));
  const isNarrow = width < 600;
  return layoutOf(view.timeline, {
    ...{ width: Math.max(width, 200), fromMs, toMs, activation: view.activation.value },
    leftPx: isNarrow ? 100 : 112,
    laneHeight: isNarrow ? 30 : 38,
    alongside: alongside?.timeline.events.map(({ atMs }) => atMs) ?? [],
  });
}

function Head({ view }: { readonly view: TimelineView }) {
  const { title, events, activations } = view.timeline;
  const { fromMs, toMs } = view.span.value;
  const shown = view.shown.value.length;
  const choose = (event: Event) => {
    const { value } = event.currentTarget as HTMLSelectElement;
    view.activation.value = value === '' ? null : value;
  };
  return (
    <header class="tl-head">
      <h2>{title}</h2>
      <p class="tl-soft">
        {shown === events.length ? `${shown} events` : `${shown} of ${events.length} events`} in{' '}
        {lengthText(toMs - fromMs)}
      </p>
      <div class="tl-tools">
        {activations.length > 1 ? (
          <label>
            Activation{' '}
            <select value={view.activation.value ?? ''} onChange={choose}>
              <option value="">all</option>
              {activations.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        <button type="button" aria-label="Show less time" onClick={() => zoom(view, 'in')}>
          +
        </button>
        <button type="button" aria-label="Show more time" onClick={() => zoom(view, 'out')}>
          −
        </button>
        <button type="button" onClick={() => showAll(view)}>
          Show all
        </button>
      </div>
    </header>
  );
}

const steps: Readonly<Record<string, Step>> = {
  ArrowRight: 'next',
  ArrowLeft: 'previous',
  ArrowUp: 'lane above',
  ArrowDown: 'lane below',
  Home: 'first',
  End: 'last',
};

/** The drawing, with what the keyboard and the pointer do there. */
function Plot({ view, layout }: { readonly view: TimelineView; readonly layout: Layout }) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = steps[event.key];
    if (direction !== undefined) step(view, direction);
    else if (event.key === '+' || event.key === '-') zoom(view, event.key === '+' ? 'in' : 'out');
    else if (event.key === 'Escape') showAll(view);
    else if (event.key === 'Enter') {
      const details = (event.currentTarget as HTMLElement).parentElement?.querySelector('.tl-details');
      if (details instanceof HTMLElement) details.focus();
    } else return;
    event.preventDefault();
  };
  const markOf = (event: MouseEvent) => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return markAt(layout.marks, laneAt(layout, event.clientY - top), event.clientX - left);
  };
  const onClick = (event: MouseEvent) => {
    const lead = markOf(event)?.lead;
    if (lead !== undefined) chooseEvent(view, lead);
  };
  const onDblClick = (event: MouseEvent) => {
    const mark = markOf(event);
    if (mark !== undefined) showOnly(view, mark.events[0]?.id, mark.events.at(-1)?.id);
  };
  const onPointerMove = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).classList.toggle('tl-over', markOf(event) !== undefined);
  };
  return (
    <div
      class="tl-plot"
      role="application"
      aria-label={`Events of ${view.timeline.title}`}
      aria-description="Arrow keys choose an event, up and down another lane. Enter opens it, plus and minus change the time shown, Escape shows all."
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys of its own, which it explains
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDblClick={onDblClick}
      onPointerMove={onPointerMove}
    >
      <Chart layout={layout} />
      <Choice view={view} layout={layout} />
    </div>
  );
}

function laneAt({ laneRows, laneHeight }: Layout, y: number) {
  return laneRows.find((row) => Math.abs(row.y - y) <= laneHeight / 2)?.lane;
}

function showOnly(view: TimelineView, first: string | undefined, last: string | undefined): void {
  const indexOf = (id: string | undefined) => view.timeline.events.findIndex((event) => event.id === id);
  chooseRange(view, indexOf(first), indexOf(last));
}

/** The chosen event in the drawing: drawn apart, so that a step does not draw everything anew. */
function Choice({ view, layout }: { readonly view: TimelineView; readonly layout: Layout }) {
  const event = view.selectedEvent.value;
  const row = layout.laneRows.find(({ lane }) => lane === event?.lane);
  const mark = layout.marks.find(({ events }) => events.some(({ id }) => id === event?.id));
  const isSeen = event !== null && row !== undefined && mark !== undefined;
  return (
    <>
      {isSeen ? (
        <svg class="tl-choice" width={layout.width} height={layout.height} aria-hidden="true">
          <line x1={mark.x} x2={mark.x} y1={18} y2={layout.height} />
          <circle cx={mark.x} cy={row.y} r={Math.max(mark.half, 8) + 4} />
        </svg>
      ) : null}
      <p class="tl-hidden" aria-live="polite">
        {event === null ? '' : `${instantText(event.atMs)}, ${placeText(event)}: ${saidText(event)}`}
      </p>
    </>
  );
}

const legend = [
  { certainty: 'succeeded', text: 'succeeded' },
  { certainty: 'failed', text: 'failed' },
  { certainty: 'unknown', text: 'outcome unknown' },
  { certainty: 'neutral', text: 'reports no result' },
] as const;

function Legend({ layout: { faults, gaps } }: { readonly layout: Pick<Layout, 'faults' | 'gaps'> }) {
  return (
    <ul class="tl-legend">
      {legend.map(({ certainty, text }) => (
        <li key={certainty}>
          <span class={`tl-dot tl-${certainty}`} /> {text}
        </li>
      ))}
      <li>a number: so many events at this place</li>
      {faults.bars.length === 0 ? null : <li>shaded, with a name: a fault could take effect</li>}
      {gaps.length === 0 ? null : <li>dotted, with a length: idle time, shortened</li>}
    </ul>
  );
}

/** Says what the drawing left out. */
function Notes({ layout }: { readonly layout: Layout }) {
  const { arrowsHidden, attempts, faults } = layout;
  const notes = [
    ...(arrowsHidden > 0 ? [`${arrowsHidden} routine messages have no arrow`] : []),
    ...(attempts.hidden > 0 ? [`${attempts.hidden} attempts have no bar`] : []),
    ...(faults.hidden > 0 ? [`${faults.hidden} faults have no name`] : []),
  ];
  if (notes.length === 0) return null;
  return <p class="tl-soft">{`${notes.join(', ')}: choose less time or one activation to see them.`}</p>;
}
