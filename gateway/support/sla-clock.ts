/**
 * How long something may take, as plain data. Runs, is held while the customer's answer is waited for, and is over once what it
 * measures has happened. Invariant: `dueAt` is set while it runs, `leftMs` while it is held, `metAt` once it is over; one of the three.
 */
export interface SlaClock {
  readonly allowedMs: number;
  readonly dueAt: number | null;
  /** What was left when it was held; below 0 when it was late already. */
  readonly leftMs: number | null;
  readonly metAt: number | null;
  readonly warnedAt: number | null;
  readonly breachedAt: number | null;
}

/** A warning comes when this share of the time is left. */
const warnShare = 0.2;

export function startClock(allowedMs: number, at: number): SlaClock {
  return { allowedMs, dueAt: at + allowedMs, leftMs: null, metAt: null, warnedAt: null, breachedAt: null };
}

export function holdClock(clock: SlaClock, at: number): SlaClock {
  return clock.dueAt === null ? clock : { ...clock, dueAt: null, leftMs: clock.dueAt - at };
}

export function resumeClock(clock: SlaClock, at: number): SlaClock {
  return clock.leftMs === null ? clock : { ...clock, dueAt: at + clock.leftMs, leftMs: null };
}

/** It has happened. The first time counts. */
export function stopClock(clock: SlaClock, at: number): SlaClock {
  return clock.metAt === null ? { ...clock, dueAt: null, leftMs: null, metAt: at } : clock;
}

function warnAt(clock: SlaClock, dueAt: number): number {
  return dueAt - Math.round(clock.allowedMs * warnShare);
}

/** When the clock next has something to say, or null. */
export function nextMoment(clock: SlaClock): number | null {
  if (clock.dueAt === null || clock.breachedAt !== null) return null;
  return clock.warnedAt === null ? warnAt(clock, clock.dueAt) : clock.dueAt;
}

/** Returns the events due now: a warning once, a breach once. A late poll gets both. */
export function readClock(
  clock: SlaClock,
  at: number,
): { readonly clock: SlaClock; readonly said: readonly ('warning' | 'breach')[] } {
  const { dueAt } = clock;
  if (dueAt === null) return { clock, said: [] };
  const warns = clock.warnedAt === null && at >= warnAt(clock, dueAt);
  const breaches = clock.breachedAt === null && at >= dueAt;
  if (!warns && !breaches) return { clock, said: [] };
  return {
    clock: {
      ...clock,
      warnedAt: warns ? at : clock.warnedAt,
      breachedAt: breaches ? at : clock.breachedAt,
    },
    said: [...(warns ? (['warning'] as const) : []), ...(breaches ? (['breach'] as const) : [])],
  };
}
