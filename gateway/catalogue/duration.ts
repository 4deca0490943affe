import type { Duration } from './service.ts';

const hourMs = 3_600_000;

/**
 * Returns the instant at which a service that starts at `from` ends; null: never. Months are calendar months in UTC, capped at the
 * month's last day. Where monthly renewals began at `anchorAt`, a later one goes back to that day of the month: 31 January, 28
 * February, 31 March. The time passes `scale` times as fast.
 */
export function endOf(duration: Duration, from: number, anchorAt = from, scale = 1): number | null {
  const until = calendarEnd(duration, from, anchorAt);
  return until === null ? null : from + Math.max(1, Math.round((until - from) / scale));
}

function calendarEnd(duration: Duration, from: number, anchorAt: number): number | null {
  switch (duration.unit) {
    case 'permanent':
      return null;
    case 'hours':
      return from + duration.count * hourMs;
    case 'days':
      return from + duration.count * 24 * hourMs;
    case 'months':
      return addMonths(from, duration.count, anchorAt);
  }
}

function addMonths(from: number, count: number, anchorAt: number): number {
  const start = new Date(from);
  const end = new Date(from);
  end.setUTCDate(1);
  end.setUTCMonth(start.getUTCMonth() + count);
  end.setUTCDate(Math.min(dayOfMonth(start, new Date(anchorAt)), lastDayOf(end)));
  return end.getTime();
}

/** The anchor's day where the month of `start` was too short for it; else the day of `start`. */
function dayOfMonth(start: Date, anchor: Date): number {
  const day = start.getUTCDate();
  return day === lastDayOf(start) ? Math.max(day, anchor.getUTCDate()) : day;
}

function lastDayOf(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}
