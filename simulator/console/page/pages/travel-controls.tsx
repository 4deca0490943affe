import { useEffect, useState } from 'preact/hooks';
import type { CourseView } from '../../../moments/run-views.ts';
import { type StepBy, stepped } from '../../../moments/step.ts';
import { instantText } from '../../../timeline/duration.ts';
import { laneNames, lanes } from '../../../timeline/event.ts';

/** The next step of a run that plays is made so long after the moment before it was shown. */
const playMs = 700;

/** Sliders over events and virtual time, steps, and play. */
export function TravelControls(props: {
  readonly course: CourseView;
  readonly event: number;
  /** The moment of this event is shown. */
  readonly isReady: boolean;
  readonly onGo: (event: number, isReplacing?: boolean) => void;
}) {
  const { course, event, isReady, onGo } = props;
  const [by, setBy] = useState<StepBy>('commit');
  const [isPlaying, setIsPlaying] = useState(false);
  const { marks, events } = course;
  const atMs = marks.findLast((mark) => mark.event <= event)?.atMs ?? 0;
  const endMs = marks.at(-1)?.atMs ?? 0;
  const go = (target: number) => {
    setIsPlaying(false);
    if (target !== event) onGo(target);
  };
  useEffect(() => {
    if (!isPlaying || !isReady) return undefined;
    const next = stepped(course, event, by, 'forward');
    if (next === event) {
      setIsPlaying(false);
      return undefined;
    }
    const timer = window.setTimeout(() => onGo(next, true), playMs);
    return () => window.clearTimeout(timer);
  }, [isPlaying, isReady, event, by, course, onGo]);
  const eventAt = (ms: number) => marks.findLast((mark) => mark.atMs <= ms)?.event ?? 0;
  return (
    <section class="card spaced" aria-label="Moment">
      <p role="status" class="moment">
        event {event} of {events}, {instantText(atMs)}
      </p>
      <label class="slider">
        Event
        <input
          type="range"
          min="0"
          max={events}
          value={event}
          aria-valuetext={`event ${event} of ${events}`}
          onChange={(change) => go(Number(change.currentTarget.value))}
        />
      </label>
      <label class="slider">
        Virtual time
        <input
          type="range"
          min="0"
          max={endMs}
          value={atMs}
          aria-valuetext={instantText(atMs)}
          onChange={(change) => go(eventAt(Number(change.currentTarget.value)))}
        />
      </label>
      <div class="toolbar">
        <label>
          Step by
          <select value={by} onChange={(change) => setBy(change.currentTarget.value as StepBy)}>
            <option value="event">event</option>
            <option value="commit">write to a database</option>
            {lanes.map((lane) => (
              <option key={lane} value={lane}>
                {laneNames[lane]}
              </option>
            ))}
          </select>
        </label>
        <div class="actions">
          <button type="button" onClick={() => go(0)}>
            Beginning
          </button>
          <button type="button" onClick={() => go(stepped(course, event, by, 'back'))}>
            Step back
          </button>
          <button type="button" aria-pressed={isPlaying} onClick={() => setIsPlaying(!isPlaying)}>
            {isPlaying ? 'Pause' : 'Play'}
          </button>
          <button type="button" onClick={() => go(stepped(course, event, by, 'forward'))}>
            Step forward
          </button>
          <button type="button" onClick={() => go(events)}>
            End
          </button>
        </div>
      </div>
    </section>
  );
}
