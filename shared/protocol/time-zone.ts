/** Returns whether this is the name of a time zone (IANA), such as Europe/Madrid. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const minuteMs = 60_000;

/** Returns by how much a time zone is ahead of UTC at an instant, in milliseconds. UTC asks no time zone database. */
export function zoneOffsetMs(at: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', era: 'short' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(part.get(type));
  const wall = Date.UTC(number('year'), number('month') - 1, number('day'), number('hour'), number('minute'));
  return wall - Math.floor(at / minuteMs) * minuteMs;
}

/** Returns `UTC`, or what a time zone is ahead of it: `UTC+01:00`. */
export function offsetText(offsetMs: number): string {
  if (offsetMs === 0) return 'UTC';
  const minutes = Math.abs(offsetMs) / minuteMs;
  const two = (value: number) => String(value).padStart(2, '0');
  return `UTC${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
