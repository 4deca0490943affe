import { useSignal } from '@preact/signals';
import { Copy } from './copy.tsx';
import { instantText } from './duration.ts';
import { eventsJson, eventsText, placeText, saidText } from './text.ts';
import { chooseEvent, type TimelineView } from './view.ts';

const pageSize = 200;

/** The events that are shown, as a list of text: for screen readers, for search, and to copy. */
export function EventList({ view }: { readonly view: TimelineView }) {
  const isOpen = useSignal(false);
  const count = useSignal(pageSize);
  const events = view.shown.value;
  const onToggle = (event: Event) => {
    isOpen.value = (event.currentTarget as HTMLDetailsElement).open;
  };
  return (
    <details class="tl-list" onToggle={onToggle}>
      <summary>{events.length === 1 ? '1 event as text' : `${events.length} events as text`}</summary>
      {isOpen.value ? (
        <>
          <div class="tl-tools">
            <Copy name="Copy all as text" text={() => eventsText(events)} />
            <Copy name="Copy all as JSON" text={() => eventsJson(events)} />
          </div>
          <ol>
            {events.slice(0, count.value).map((event) => (
              <li key={event.id}>
                <button type="button" onClick={() => chooseEvent(view, event.id)}>
                  <time>{instantText(event.atMs)}</time> <b>{placeText(event)}</b>{' '}
                  <span>{saidText(event)}</span>
                </button>
              </li>
            ))}
          </ol>
          {events.length > count.value ? (
            <button
              type="button"
              onClick={() => {
                count.value += pageSize;
              }}
            >
              {`Show ${Math.min(pageSize, events.length - count.value)} more`}
            </button>
          ) : null}
        </>
      ) : null}
    </details>
  );
}
