import { Copy } from './copy.tsx';
import { instantText } from './duration.ts';
import { laneNames, type TimelineEvent } from './event.ts';
import { certaintyNames, eventText, placeText } from './text.ts';
import type { TimelineView } from './view.ts';

/** Everything that is known of the chosen event. */
export function EventDetails(props: {
  readonly view: TimelineView;
  readonly linkOf?: (id: string) => string;
}) {
  const { view, linkOf } = props;
  const event = view.selectedEvent.value;
  if (event === null)
    return (
      <p class="tl-soft tl-hint">
        Choose an event to see what is known of it, with a click or the arrow keys.
      </p>
    );
  return (
    <section class="tl-details" aria-label="Chosen event" tabIndex={-1}>
      <h3>
        <span class={`tl-dot tl-${event.certainty}`} /> {event.title}
      </h3>
      <p class="tl-soft">
        {instantText(event.atMs)} · {placeText(event)}
        {event.activation === undefined ? '' : ` · ${event.activation}`}
        {event.attempt === undefined ? '' : ` · attempt ${event.attempt}`}
        {event.certainty === 'neutral' ? '' : ` · ${certaintyNames[event.certainty]}`}
      </p>
      <dl>
        {Object.entries(event.details ?? {}).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="tl-tools">
        {linkOf === undefined ? null : <a href={linkOf(event.id)}>Link to this event</a>}
        <Copy name="Copy as text" text={() => eventText(event).trim()} />
        <Copy name="Copy as JSON" text={() => JSON.stringify(event, null, 2)} />
        <Neighbours view={view} event={event} />
      </div>
    </section>
  );
}

/** Other events of the same instant, which the drawing shows as one. */
function Neighbours({ view, event }: { readonly view: TimelineView; readonly event: TimelineEvent }) {
  const others = view.shown.value
    .filter(({ atMs, id }) => atMs === event.atMs && id !== event.id)
    .slice(0, 12);
  if (others.length === 0) return null;
  return (
    <div class="tl-neighbours">
      <span class="tl-soft">At the same instant:</span>
      <ul>
        {others.map(({ id, lane, title }) => (
          <li key={id}>
            <button
              type="button"
              onClick={() => {
                view.selected.value = id;
              }}
            >
              {laneNames[lane]}: {title}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
