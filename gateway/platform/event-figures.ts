import { Counter, Histogram, type Metric } from 'prom-client';
import type { RecordRow } from '../store/schema.ts';
import { eventTexts } from './event-texts.ts';

/** Seconds: from a connected vehicle to the 24 h of the last attempt (docs/activation-spec.md, section 10). */
const timeToActiveSeconds = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

export interface EventFigures {
  readonly metrics: readonly Metric[];
  /** Takes events that were published: each by one of the processes on a database. */
  count(rows: readonly Pick<RecordRow, 'type' | 'data'>[]): void;
}

/**
 * Counts the events of the history by type, and how long the activations took. Their sum over all processes is what happened: a
 * process that dies between publishing and its cursor counts some of them twice at most.
 */
export function eventFigures(): EventFigures {
  const events = new Counter({
    name: 'fleetwake_events_total',
    help: 'Events of the history that this process published, by type',
    labelNames: ['type'],
    registers: [],
  });
  const timeToActive = new Histogram({
    name: 'fleetwake_time_to_active_seconds',
    help: 'Time from the request of an activation until the vehicle had confirmed it',
    buckets: timeToActiveSeconds,
    registers: [],
  });
  // A rate needs the zero before the first one.
  for (const type of Object.keys(eventTexts)) events.inc({ type }, 0);
  return {
    metrics: [events, timeToActive],
    count(rows) {
      for (const { type, data } of rows) {
        events.inc({ type });
        if (type !== 'activation.active') continue;
        const { afterMs } = JSON.parse(data) as { afterMs?: number };
        // A line of a release before this figure has none.
        if (afterMs !== undefined) timeToActive.observe(afterMs / 1_000);
      }
    },
  };
}
