/** A span of each named weekday in the technician's own time; it may run past midnight. */
export interface Shift {
  /** ISO 8601: 1 is Monday, 7 is Sunday. The day on which the shift begins. */
  readonly weekdays: readonly number[];
  /** Minutes since midnight, 0 to 1439. The same minute for both is a whole day. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Pure data without a time zone database: change the offset for daylight saving time. */
export interface Technician {
  readonly name: string;
  /** Minutes east of UTC, -720 to 840. */
  readonly utcOffsetMinutes: number;
  readonly shifts: readonly Shift[];
}

export type Roster = readonly Technician[];

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;
const weekMs = weekMinutes * minuteMs;
/** 1970-01-01 was a Thursday: so many days after a Monday. */
const epochWeekday = 3;

const wholeWeek: Shift = { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 0 };

/** Technicians who are always on duty. */
export function alwaysOnDuty(names: readonly string[]): Roster {
  return names.map((name) => ({ name, utcOffsetMinutes: 0, shifts: [wholeWeek] }));
}

/** Milliseconds since Monday 00:00 of the technician's own week. */
function timeOfWeek({ utcOffsetMinutes }: Technician, at: number): number {
  const local = at + (utcOffsetMinutes + epochWeekday * dayMinutes) * minuteMs;
  return ((local % weekMs) + weekMs) % weekMs;
}

interface Span {
  /** Since Monday 00:00. */
  readonly fromMs: number;
  readonly lengthMs: number;
}

function spansOf({ shifts }: Technician): Span[] {
  return shifts.flatMap(({ weekdays, fromMinute, toMinute }) => {
    const length = (toMinute - fromMinute + dayMinutes) % dayMinutes || dayMinutes;
    return weekdays.map((weekday) => ({
      fromMs: ((weekday - 1) * dayMinutes + fromMinute) * minuteMs,
      lengthMs: length * minuteMs,
    }));
  });
}

export function isOnDuty(technician: Technician, at: number): boolean {
  const time = timeOfWeek(technician, at);
  return spansOf(technician).some(({ fromMs, lengthMs }) => (time - fromMs + weekMs) % weekMs < lengthMs);
}

export function onDuty(roster: Roster, at: number): string[] {
  return roster.filter((technician) => isOnDuty(technician, at)).map(({ name }) => name);
}

export function isOnRoster(roster: Roster, name: string): boolean {
  return roster.some((technician) => technician.name === name);
}

/** Returns the next instant after `at` at which a shift begins or ends, or null if there is none. */
export function nextShiftChange(roster: Roster, at: number): number | null {
  const waits = roster.flatMap((technician) => {
    const time = timeOfWeek(technician, at);
    return spansOf(technician)
      .flatMap(({ fromMs, lengthMs }) => [fromMs, fromMs + lengthMs])
      .map((edge) => (edge - time + 2 * weekMs) % weekMs || weekMs)
      .filter((wait) => isOnDuty(technician, at + wait - 1) !== isOnDuty(technician, at + wait));
  });
  return waits.length === 0 ? null : at + Math.min(...waits);
}
