import { effect } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CourseView, MomentView } from '../../../moments/run-views.ts';
import { Timeline } from '../../../timeline/timeline.tsx';
import { chooseEvent, newView, type TimelineView } from '../../../timeline/view.ts';
import { Foreign, Problem } from '../parts/shown.tsx';
import { useAnswer } from '../parts/use-answer.ts';
import { address, goTo } from '../router.ts';
import { can } from '../session-state.ts';
import { MomentTables } from './moment-tables.tsx';
import { TravelControls } from './travel-controls.tsx';
import { WhatIf } from './what-if.tsx';

/** Read once: neither a course nor a moment changes. */
const once = { everyMs: 3_600_000, isLive: false } as const;

/** A run in virtual time, at the moment that the address names. */
export function Travel({ file }: { readonly file: string }) {
  const base = `/api/runs/${encodeURIComponent(file)}`;
  const { body: course, problem } = useAnswer<CourseView>(`${base}/course`, once);
  if (course === null)
    return problem === null ? <p class="soft">Running it …</p> : <Problem text={problem} />;
  return <Travelled file={file} base={base} course={course} />;
}

function Travelled({
  file,
  base,
  course,
}: {
  readonly file: string;
  readonly base: string;
  readonly course: CourseView;
}) {
  const event = eventOfAddress(course.events);
  const { body, problem } = useAnswer<MomentView>(`${base}/moments/${event}`, once);
  const [last, setLast] = useState<MomentView | null>(null);
  useEffect(() => {
    // The run has nothing after its last event but the collection of its evidence.
    if (body !== null) setLast({ ...body, isEnd: body.isEnd || body.event >= course.events });
  }, [body, course]);
  const view = useMemo(() => newView(course.timeline), [course]);
  useEffect(() => followTimeline(view, course), [view, course]);
  useEffect(() => showMoment(view, course, event), [view, course, event]);
  const { broken, leftOut } = course;
  return (
    <>
      <p>
        <Foreign text={course.timeline.title} />: {course.events} events,{' '}
        {broken === null ? 'no rule was broken' : <Foreign text={`${broken.rule}: ${broken.sentence}`} />}
      </p>
      <TravelControls course={course} event={event} isReady={body !== null} onGo={goToEvent} />
      <Problem text={problem} />
      {last === null ? (
        <p class="soft">Running to the moment …</p>
      ) : (
        <MomentTables moment={last} isCurrent={body !== null} />
      )}
      {leftOut > 0 ? (
        <p class="soft small">The timeline leaves out {leftOut} routine events; steps pass over them, too.</p>
      ) : null}
      <Timeline view={view} />
      {can('operations:write') ? <WhatIf file={file} base={base} course={course} event={event} /> : null}
    </>
  );
}

function eventOfAddress(events: number): number {
  const text = address.value.searchParams.get('event') ?? '0';
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), events) : 0;
}

function goToEvent(event: number, isReplacing = false): void {
  const { pathname } = address.peek();
  goTo(`${pathname}?event=${event}`, { isReplacing });
}

/** Goes to the moment of an event that a reader chooses in the timeline. */
function followTimeline(view: TimelineView, { marks, events }: CourseView): () => void {
  let isFirst = true;
  return effect(() => {
    const chosen = view.selected.value;
    if (isFirst || chosen === null) {
      isFirst = false;
      return;
    }
    const mark = marks.find(({ id }) => id === chosen);
    const text = address.peek().searchParams.get('event') ?? '0';
    if (mark !== undefined && mark.event !== lastMarkAt(marks, Math.min(Number(text), events))?.event)
      goToEvent(mark.event);
  });
}

/** Chooses the last event of the timeline that had happened at the moment. */
function showMoment(view: TimelineView, { marks }: CourseView, event: number): void {
  const mark = lastMarkAt(marks, event);
  const chosen = marks.find(({ id }) => id === view.selected.peek());
  if (mark !== undefined && chosen?.event !== mark.event) chooseEvent(view, mark.id);
}

function lastMarkAt(marks: CourseView['marks'], event: number) {
  return marks.findLast((mark) => mark.event <= event);
}
