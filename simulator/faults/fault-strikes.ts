import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type FaultSchedule, isInWindow } from './fault-schedule.ts';

/** What every fault of a service has. */
interface Striking {
  readonly name: string;
  readonly type: string;
  /** The chance that it strikes, 0 to 1. */
  readonly toxicity: number;
  readonly schedule?: FaultSchedule | undefined;
}

/** Faults of one service, controlled by a run or by the fault control. */
export interface FaultControls<Fault extends Striking> {
  /** Starts the workload: windows and `first` count from now. Before it, faults with a schedule have no effect. */
  begin(): void;
  /** Heals: no fault meets what starts from now on. What already waits is let through. */
  clear(): void;
  /** Replaces the faults. */
  set(faults: readonly Fault[]): void;
  /** How long ago the workload began; 0 before it. */
  sinceBeginMs(): number;
  /** How often this one has struck. */
  struckBy(fault: Fault | null): number;
  /** How often each type has struck. */
  counts(): Readonly<Record<Fault['type'], number>>;
  /** How often the faults of each name have struck, those that were replaced left out. */
  countsByName(): Readonly<Record<string, number>>;
}

export interface FaultStrikes<Fault extends Striking> extends FaultControls<Fault> {
  readonly faults: () => readonly Fault[];
  /** Whether this fault meets the subject's next request, which then counts as struck. */
  strikes(fault: Fault, subject: string): boolean;
  /** The draws of one subject: they do not shift those of another. */
  streamOf(subject: string): Random;
}

/** Decides which fault affects which target, when and how often: common to the faults of all services. */
export function faultStrikes<Fault extends Striking>(
  deps: { readonly clock: Clock; readonly random: Random },
  types: readonly Fault['type'][],
  initial: readonly Fault[],
): FaultStrikes<Fault> {
  let faults = initial;
  let begunAt: number | null = null;
  /** Fault and subject → how many requests it has struck. */
  const struck = new Map<Fault, Map<string, number>>();
  /** The same of the requests that it could have struck, where the fault begins with a later one. */
  const met = new Map<Fault, Map<string, number>>();
  const counts = Object.fromEntries(types.map((type) => [type, 0])) as Record<Fault['type'], number>;
  /** As many as there are methods and vehicles, or recipients. */
  const streams = new Map<string, Random>();

  function streamOf(subject: string): Random {
    const known = streams.get(subject) ?? deps.random.stream(subject);
    streams.set(subject, known);
    return known;
  }

  /** It is the fault's time, and this subject has not met it often enough yet. */
  function isAwake(fault: Fault, subject: string): boolean {
    const { schedule } = fault;
    if (schedule === undefined) return true;
    if (begunAt === null || !isInWindow(schedule, deps.clock.now() - begunAt)) return false;
    return schedule.first === undefined || (struck.get(fault)?.get(subject) ?? 0) < schedule.first;
  }

  /** Returns the new count. */
  function count(map: Map<Fault, Map<string, number>>, fault: Fault, subject: string): number {
    const bySubject = map.get(fault) ?? new Map<string, number>();
    const next = (bySubject.get(subject) ?? 0) + 1;
    map.set(fault, bySubject.set(subject, next));
    return next;
  }

  /** Its first requests may pass. */
  function isTooEarly(fault: Fault, subject: string): boolean {
    const { from = 1 } = fault.schedule ?? {};
    return from > 1 && count(met, fault, subject) < from;
  }

  return {
    faults: () => faults,
    streamOf,
    strikes(fault, subject) {
      if (!isAwake(fault, subject) || isTooEarly(fault, subject)) return false;
      if (streamOf(subject).fraction() >= fault.toxicity) return false;
      const type: Fault['type'] = fault.type;
      counts[type] += 1;
      count(struck, fault, subject);
      return true;
    },
    begin() {
      begunAt = deps.clock.now();
    },
    clear() {
      faults = [];
    },
    set(next) {
      faults = next;
      for (const map of [struck, met])
        for (const fault of map.keys()) if (!next.includes(fault)) map.delete(fault);
      if (next.length === 0) streams.clear();
    },
    sinceBeginMs: () => (begunAt === null ? 0 : deps.clock.now() - begunAt),
    struckBy(fault) {
      const bySubject = fault ? struck.get(fault) : undefined;
      return [...(bySubject?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    },
    counts: () => ({ ...counts }),
    countsByName() {
      const named: Record<string, number> = {};
      for (const [{ name }, bySubject] of struck)
        for (const times of bySubject.values()) named[name] = (named[name] ?? 0) + times;
      return named;
    },
  };
}
