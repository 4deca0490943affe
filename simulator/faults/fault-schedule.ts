import { z } from 'zod';
import { msSchema } from './unit-schemas.ts';

/**
 * Windows of a fault; no time in it is longer than a day. Times are real milliseconds from the start of the workload;
 * without a schedule the fault may take effect at any time until the faults of the run end.
 */
const dayMs = 86_400_000;

export const faultScheduleSchema = z
  .strictObject({
    /** Not before. */
    afterMs: msSchema(0, dayMs).optional(),
    /** For so long; without it until the run heals. */
    forMs: msSchema(1, dayMs).optional(),
    /** Again every so often, counted from the beginning of one window to that of the next. */
    everyMs: msSchema(1, dayMs).optional(),
    /** From the N-th request of each vehicle (or payment), or message on: those before it pass. */
    from: z.int().min(1).max(1_000_000).optional(),
    /** Only the first N requests, messages or commands of each vehicle (or payment); of a link fault the first N windows. */
    first: z.int().min(1).max(1_000_000).optional(),
  })
  .refine(({ everyMs, forMs }) => everyMs === undefined || forMs !== undefined, {
    path: ['everyMs'],
    message: 'a fault that comes again needs forMs, the length of each window',
  })
  .refine(({ everyMs, forMs }) => everyMs === undefined || forMs === undefined || forMs < everyMs, {
    path: ['forMs'],
    message: 'a window must end before the next one begins: make forMs smaller than everyMs',
  })
  .meta({ id: 'FaultSchedule' });
export type FaultSchedule = z.infer<typeof faultScheduleSchema>;

/** Returns how long the last window had begun at a moment; negative before the first one. */
export function intoWindowMs({ afterMs = 0, everyMs }: FaultSchedule, atMs: number): number {
  const sinceMs = atMs - afterMs;
  return everyMs === undefined || sinceMs < 0 ? sinceMs : sinceMs % everyMs;
}

/** Whether the moment, counted from the first of the workload, lies in a window. Null: the workload has not begun. */
export function isInWindow(schedule: FaultSchedule | undefined, atMs: number | null): boolean {
  if (schedule === undefined) return true;
  const { afterMs, forMs } = schedule;
  if (afterMs === undefined && forMs === undefined) return true;
  if (atMs === null) return false;
  const intoMs = intoWindowMs(schedule, atMs);
  return intoMs >= 0 && (forMs === undefined || intoMs < forMs);
}

/** Returns the same schedule on a clock that began this much earlier. */
export function shifted(schedule: FaultSchedule, byMs: number): FaultSchedule {
  const isTimed = schedule.afterMs !== undefined || schedule.forMs !== undefined;
  return isTimed ? { ...schedule, afterMs: (schedule.afterMs ?? 0) + byMs } : schedule;
}

/** When the last window is over; null when only healing ends it. */
export function endOfLastWindow(schedule: FaultSchedule | undefined): number | null {
  if (schedule?.forMs === undefined || schedule.everyMs !== undefined) return null;
  return (schedule.afterMs ?? 0) + schedule.forMs;
}

/** The windows that begin before `untilMs`, cut there. At most 1,000. */
export function windowsOf(
  schedule: FaultSchedule | undefined,
  untilMs: number,
): { readonly fromMs: number; readonly toMs: number }[] {
  const { afterMs = 0, forMs, everyMs } = schedule ?? {};
  const windows: { fromMs: number; toMs: number }[] = [];
  for (let fromMs = afterMs; fromMs < untilMs && windows.length < 1_000; fromMs += everyMs ?? Infinity) {
    windows.push({ fromMs, toMs: forMs === undefined ? untilMs : Math.min(untilMs, fromMs + forMs) });
  }
  return windows;
}
