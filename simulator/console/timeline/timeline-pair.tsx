import { useEffect } from 'preact/hooks';
import { Timeline } from './timeline.tsx';
import type { TimelineView } from './view.ts';

/** Two timelines on one axis, one above the other, so that what differs stands in one column. */
export function TimelinePair({ left, right }: { readonly left: TimelineView; readonly right: TimelineView }) {
  useEffect(() => {
    const stops = [followed(left, right), followed(right, left)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [left, right]);
  return (
    <div class="tl-pair">
      <Timeline view={left} alongside={right} />
      <Timeline view={right} alongside={left} />
    </div>
  );
}

/** Shows in one timeline the time that is chosen in the other. */
function followed(from: TimelineView, to: TimelineView): () => void {
  return from.span.subscribe(({ fromMs, toMs }) => {
    const { events } = to.timeline;
    const first = events.findIndex(({ atMs }) => atMs >= fromMs);
    const last = events.findLastIndex(({ atMs }) => atMs <= toMs);
    const [before, after] = to.range.peek();
    if (first === -1 || last < first || (before === first && after === last)) return;
    to.range.value = [first, last];
  });
}
