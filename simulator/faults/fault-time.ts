import type { FaultSchedule } from './fault-schedule.ts';

/** Where a fault stands in its schedule. */
export interface FaultTime {
  /** `waiting`: its next window has not begun; `triggered`: each vehicle's state begins it; `over`: it cannot take effect any more. */
  readonly state: 'waiting' | 'active' | 'triggered' | 'over';
  /** Time until it begins, or until this window ends; null: it lasts until it is removed, or is over. */
  readonly remainingMs: number | null;
}

/** Returns where a fault stands that was added `sinceMs` ago. */
export function faultTimeAt(schedule: FaultSchedule | undefined, sinceMs: number): FaultTime {
  const { afterMs = 0, forMs, everyMs } = schedule ?? {};
  if (sinceMs < afterMs) return { state: 'waiting', remainingMs: afterMs - sinceMs };
  if (forMs === undefined) return { state: 'active', remainingMs: null };
  const intoMs = everyMs === undefined ? sinceMs - afterMs : (sinceMs - afterMs) % everyMs;
  if (intoMs < forMs) return { state: 'active', remainingMs: forMs - intoMs };
  return everyMs === undefined
    ? { state: 'over', remainingMs: null }
    : { state: 'waiting', remainingMs: everyMs - intoMs };
}
