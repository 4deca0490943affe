import { useSignal } from '@preact/signals';
import { Copy } from './copy.tsx';
import type { TimelineEvent } from './event.ts';
import { EventRows } from './event-rows.tsx';
import { eventsJson, eventsText, eventText } from './text.ts';
import { chooseEvent, type TimelineView } from './view.ts';

/** The events that are shown, as a list of text: for screen readers, for search, and to copy. */
export function EventList({ view }: { readonly view: TimelineView }) {
  const isOpen = useSignal(false);
  const events = view.shown.value;
  const onToggle = (event: Event) => {
    isOpen.value = (event.currentTarget as HTMLDetailsElement).open;
  };
  return (
    <details class="tl-list" onToggle={onToggle}>
      <summary>{events.length === 1 ? '1 event as text' : `${events.length} events as text`}</summary>
      {isOpen.value ? <Found view={view} events={events} /> : null}
    </details>
  );
}

/** The events that have every word of a search, all of them without one. */
function Found({ view, events }: { readonly view: TimelineView; readonly events: readonly TimelineEvent[] }) {
  const search = useSignal('');
  const found = withWords(events, search.value);
  const isAll = found.length === events.length;
  return (
    <>
      <div class="tl-tools">
        <label>
          Search{' '}
          <input
            type="search"
            value={search.value}
            onInput={(event) => {
              search.value = event.currentTarget.value;
            }}
          />
        </label>
        <span class="tl-soft" role="status">
          {isAll ? '' : `${found.length} found`}
        </span>
        <Copy name={isAll ? 'Copy all as text' : 'Copy these as text'} text={() => eventsText(found)} />
        <Copy name={isAll ? 'Copy all as JSON' : 'Copy these as JSON'} text={() => eventsJson(found)} />
      </div>
      {found.length === 0 ? (
        <p class="tl-soft">No event has these words.</p>
      ) : (
        <EventRows events={found} selected={view.selected.value} onChoose={(id) => chooseEvent(view, id)} />
      )}
    </>
  );
}

function withWords(events: readonly TimelineEvent[], search: string): readonly TimelineEvent[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return events;
  return events.filter((event) => {
    const text = eventText(event).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
