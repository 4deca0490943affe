import type { Timeline, TimelineEvent } from '../timeline/event.ts';
import type { RunReport } from './run-report.ts';

/** Returns the courses of a report as one timeline, its times as the report has them; null where it has no course. */
export function reportTimeline({ courses, schedules }: RunReport): Timeline | null {
  if (courses.length === 0) return null;
  // An activation that failed may be one of the slowest too.
  const once = courses.filter(
    ({ purchase }, index) => courses.findIndex((one) => one.purchase === purchase) === index,
  );
  return {
    title: 'Failed and slowest activations',
    events: once.flatMap(({ purchase, activation, traceId, entries }) =>
      entries.map(({ what, where: _, ...entry }, index): TimelineEvent => {
        const details = { activation, ...(traceId === null ? {} : { trace: traceId }) };
        return { ...entry, id: `${purchase}.${index + 1}`, activation: purchase, title: what, details };
      }),
    ),
    faults: schedules.services.map(({ where, name, fromMs, toMs }) => ({
      title: `${where}: ${name}`,
      fromMs,
      toMs,
    })),
  };
}
