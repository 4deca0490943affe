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

/** Shows in one timeline the time that a reader chooses in the other; what it shows for that reason is not followed back. */
function followed(from: TimelineView, to: TimelineView): () => void {
  let isFirst = true;
  return from.span.subscribe(({ fromMs, toMs }) => {
    const wasFirst = isFirst;
    isFirst = false;
    if (wasFirst || following.get(from) === from.range.peek()) return;
    const { events } = to.timeline;
    const first = events.findIndex(({ atMs }) => atMs >= fromMs);
    const last = events.findLastIndex(({ atMs }) => atMs <= toMs);
    if (first === -1 || last < first) return;
    const range = [first, last] as const;
    following.set(to, range);
    to.range.value = range;
  });
}

/** Ranges that a view has because another one has chosen that time. */
const following = new WeakMap<TimelineView, readonly [number, number]>();
