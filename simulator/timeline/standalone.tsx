import { effect } from '@preact/signals';
import { render } from 'preact';
import type { Timeline as TimelineData } from './event.ts';
import { eventOfHash, hashOfEvent } from './event-link.ts';
import { Timeline } from './timeline.tsx';
import { TimelinePair } from './timeline-pair.tsx';
import { chooseEvent, newView } from './view.ts';

/** Draws the timelines that a self-contained page has within it, each in the place that is made for it. */
for (const data of document.querySelectorAll<HTMLScriptElement>(
  'script[type="application/json"][data-timeline]',
)) {
  const place = document.getElementById(data.dataset.timeline ?? '');
  if (place !== null)
    draw(place, JSON.parse(data.textContent ?? '') as TimelineData | [TimelineData, TimelineData]);
}

function draw(place: HTMLElement, data: TimelineData | [TimelineData, TimelineData]): void {
  place.replaceChildren();
  if (Array.isArray(data)) {
    const [left, right] = data.map(newView);
    if (left && right) render(<TimelinePair left={left} right={right} />, place);
    return;
  }
  const view = newView(data);
  const follow = () => {
    const id = eventOfHash(window.location.hash);
    if (id !== null) chooseEvent(view, id);
  };
  window.addEventListener('hashchange', follow);
  follow();
  effect(() => {
    const id = view.selected.value;
    if (id !== null && eventOfHash(window.location.hash) !== id)
      history.replaceState(null, '', hashOfEvent(id));
  });
  render(<Timeline view={view} linkOf={hashOfEvent} />, place);
}
