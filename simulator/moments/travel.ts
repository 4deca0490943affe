import type { Activation } from '../../gateway/activation/activation.ts';
import type { Timeline } from '../timeline/event.ts';
import type { RunCourse } from './course.ts';
import type { Moment } from './moment.ts';
import type { RunSource } from './run-source.ts';
import type { BranchView, Change, CourseView, EndView, MomentView } from './run-views.ts';
import { branchOf } from './what-if.ts';

/** What a page asks of one run. */
export type TravelQuestion =
  | { readonly type: 'course' }
  | { readonly type: 'moment'; readonly event: number }
  | { readonly type: 'branch'; readonly event: number; readonly change: Change };

/** A question that cannot be answered, with the sentences that say why. */
export class TravelRefused extends Error {}

/** A question that may be asked again in the same words: the run is busy, or made room for another one. */
export class TravelPostponed extends Error {}

/** A timeline of more events leaves out routine ones, then all but the most important. */
export const timelineEventsMax = 10_000;

/** Answers questions about one run, which it makes again as often as needed. */
export function traveller(source: RunSource): (question: TravelQuestion) => Promise<unknown> {
  let known: Promise<RunCourse> | null = null;
  const course = () => {
    known ??= source.course(source.title);
    return known;
  };
  return async (question) => {
    switch (question.type) {
      case 'course':
        return courseView(await course(), source);
      case 'moment':
        return momentView(await source.momentAt(question.event));
      case 'branch':
        return branchView(source, await course(), question);
      default:
        return question satisfies never;
    }
  };
}

function courseView(
  { timeline, marks, commits, events, broken }: RunCourse,
  { faults, kind }: RunSource,
): CourseView {
  const shown = shortened(timeline);
  const ids = new Set(shown.events.map(({ id }) => id));
  return {
    ...{ kind, events, broken, faults, commits, timeline: shown },
    marks: marks.filter(({ id }) => ids.has(id)),
    leftOut: timeline.events.length - shown.events.length,
  };
}

function shortened(timeline: Timeline): Timeline {
  const least = ([1, 2, 3] as const).find(
    (importance) =>
      timeline.events.filter((event) => event.importance >= importance).length <= timelineEventsMax,
  );
  const events = timeline.events.filter(({ importance }) => importance >= (least ?? 3));
  return { ...timeline, events: events.slice(0, timelineEventsMax) };
}

export function momentView({ event, atMs, isEnd, traceHash, state }: Moment): MomentView {
  const { database, vehicles, ledger, queues } = state;
  return {
    ...{ event, atMs, isEnd, traceHash },
    activations: database.activations.map((row) => {
      const { attempts, settlement } = JSON.parse(row.state) as Activation;
      return {
        ...{ id: row.id, kind: row.kind, service: row.service_id, vin: row.vin, phase: row.phase },
        ...{ attempts: attempts.length, money: settlement?.status ?? null },
      };
    }),
    vehicles: vehicles.map(({ vin, connected, running, features, resultsWaiting }) => ({
      ...{ vin, resultsWaiting },
      state: running ? (connected ? 'connected' : 'offline') : 'stopped',
      active: features.filter((one) => one.state === 'active').map(({ feature }) => feature),
    })),
    ledger: ledger.map(({ kind, amountMinor, currency, activationId }) => ({
      ...{ kind, amountMinor, currency, activationId },
    })),
    queues: {
      ...queues,
      notifications: database.notices.filter(({ status }) => status === 'waiting').length,
    },
  };
}

async function branchView(
  source: RunSource,
  original: RunCourse,
  { event, change }: Extract<TravelQuestion, { type: 'branch' }>,
): Promise<BranchView> {
  const moment = await source.momentAt(event);
  const changed = source.changedAt(moment, change);
  if (!changed.ok) throw new TravelRefused(changed.mistakes.join('\n'));
  const { course, partsAt, isEarly } = await branchOf(original, moment, changed.source);
  const asItWas = { ...original.timeline, title: `${source.title}, as it was` };
  const timelines = [asItWas, course.timeline].map((timeline) => shortened(markedParting(timeline, partsAt)));
  return {
    timelines: timelines as [Timeline, Timeline],
    ...{ partsAt, isEarly, run: endView(original), branch: endView(course) },
  };
}

/** The timeline, shaded from where it differs from the other one. */
export function markedParting(timeline: Timeline, partsAt: { readonly atMs: number } | null): Timeline {
  if (partsAt === null) return timeline;
  const parting = { title: 'from here on both runs differ', fromMs: partsAt.atMs, toMs: null };
  return { ...timeline, faults: [...timeline.faults, parting] };
}

function endView({ events, broken, run }: RunCourse): EndView {
  const phases: Record<string, number> = {};
  for (const { phase } of run.evidence.database.activations) phases[phase] = (phases[phase] ?? 0) + 1;
  return { events, broken, phases };
}
