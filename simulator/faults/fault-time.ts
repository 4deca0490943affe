import { type FaultSchedule, intoWindowMs } from './fault-schedule.ts';

/** Where a fault stands in its schedule. */
export interface FaultTime {
  /** `waiting`: its next window has not begun; `triggered`: each vehicle's state begins it; `over`: it cannot take effect any more. */
  readonly state: 'waiting' | 'active' | 'triggered' | 'over';
  /** Time until it begins, or until this window ends; null: it lasts until it is removed, or is over. */
  readonly remainingMs: number | null;
}

/** Returns where a fault stands that was added `sinceMs` ago. */
export function faultTimeAt(schedule: FaultSchedule = {}, sinceMs: number): FaultTime {
  const { forMs, everyMs } = schedule;
  const intoMs = intoWindowMs(schedule, sinceMs);
  if (intoMs < 0) return { state: 'waiting', remainingMs: -intoMs };
  if (forMs === undefined) return { state: 'active', remainingMs: null };
  if (intoMs < forMs) return { state: 'active', remainingMs: forMs - intoMs };
  return everyMs === undefined
    ? { state: 'over', remainingMs: null }
    : { state: 'waiting', remainingMs: everyMs - intoMs };
}
