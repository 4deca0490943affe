import type { Duration } from './service.ts';

const hourMs = 3_600_000;

/**
 * The instant at which a service that starts at `from` ends; null: never. Months are calendar months in UTC, capped at the
 * month's last day. The time passes `scale` times as fast.
 */
export function endOf(duration: Duration, from: number, scale = 1): number | null {
  const until = calendarEnd(duration, from);
  return until === null ? null : from + Math.max(1, Math.round((until - from) / scale));
}

function calendarEnd(duration: Duration, from: number): number | null {
  switch (duration.unit) {
    case 'permanent':
      return null;
    case 'hours':
      return from + duration.count * hourMs;
    case 'days':
      return from + duration.count * 24 * hourMs;
    case 'months':
      return addMonths(from, duration.count);
  }
}

function addMonths(from: number, count: number): number {
  const start = new Date(from);
  const end = new Date(from);
  end.setUTCDate(1);
  end.setUTCMonth(start.getUTCMonth() + count);
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(start.getUTCDate(), lastDay));
  return end.getTime();
}
