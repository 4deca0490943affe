import { newHeap } from '../memory/heap.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { type ForeignResource, newGuard } from './guard.ts';
import { newProcess, type Step, type VirtualProcess } from './process.ts';

export interface LoopOptions {
  /** Where virtual time begins, in epoch milliseconds. */
  readonly startAt: number;
  /**
   * Events that are due within this time of each other run before one drain, so that their handlers interleave as in
   * one turn of a busy process. 0 (the default): every event is drained alone.
   */
  readonly batchMs?: number;
  /** Turns without anything new before a drain counts as done (1). A deeper drain must give the same trace. */
  readonly drainDepth?: number;
  /** `run` ends as `limit` after so many events in all (100 million), so that an endless run is found. */
  readonly eventsMax?: number;
}

/** A call or handler that has not ended. */
export interface OpenWork {
  /** `engine: POST http://…` */
  readonly name: string;
  readonly sinceAt: number;
}

export interface RunEnd {
  /**
   * until: the instant was reached · condition: it holds · empty: nothing is left to happen · deadlock: the same, but
   * work is still open that nothing can end any more · limit: too many events.
   */
  readonly ended: 'until' | 'condition' | 'empty' | 'deadlock' | 'limit';
  readonly open: readonly OpenWork[];
}

export interface LoopStats {
  readonly events: number;
  readonly drains: number;
  /** Turns of Node's loop that the drains took; above `drains` when code used immediates. */
  readonly turns: number;
  readonly foreignCount: number;
}

export interface VirtualLoop {
  now(): number;
  /** The living process of this name, started now if there is none. `skewMs` is what its clock is ahead. */
  process(name: string, skewMs?: number): VirtualProcess;
  /** The clock of that process. */
  clock(name: string, skewMs?: number): Clock;
  /**
   * Sets the wall clock of the machine on which processes of this name run ahead of their time without jumps, or behind: their due
   * times and durations stay as they are, as `SteadyTime` keeps them live.
   */
  setWallClock(name: string, aheadMs: number): void;
  /** False if no process of this name runs. */
  kill(name: string): boolean;
  /** Kills every process: messages in transit are dropped. */
  killAll(): void;
  /** Called at every step of every process, before it is taken; may kill. Replaces the hook before it. */
  onStep(hook: (step: Step) => void): void;
  /** Declares work that must end; call the returned function when it did. */
  openWork(name: string, owner?: VirtualProcess): () => void;
  /** Work that is open now, oldest first. */
  open(): OpenWork[];
  /**
   * Runs events in the order of (instant, scheduling) until the instant has passed, its events included, or until the
   * condition holds, which is asked after every drain. Rejects with what an event threw.
   */
  run(until: number | (() => boolean)): Promise<RunEnd>;
  readonly stats: LoopStats;
  readonly foreign: readonly ForeignResource[];
  readonly unhandled: readonly unknown[];
}

interface Event {
  readonly at: number;
  readonly sequence: number;
  readonly owner: { readonly isAlive: boolean };
  /** Null once it was cancelled. */
  callback: (() => void) | null;
}

const eventsMaxDefault = 100_000_000;

/** Virtual time: it stands still while anything can run, then jumps to the next event. */
export function virtualLoop(options: LoopOptions): VirtualLoop {
  const { startAt, batchMs = 0, drainDepth = 1, eventsMax = eventsMaxDefault } = options;
  const guard = newGuard();
  const agenda = newAgenda(startAt);
  const registry = newRegistry(agenda);
  const stats = {
    events: 0,
    drains: 0,
    turns: 0,
    get foreignCount() {
      return guard.foreignCount;
    },
  };
  let isRunning = false;

  async function drain(depth: number): Promise<void> {
    stats.drains += 1;
    for (let quiet = 0; quiet < depth; ) {
      await guard.turn();
      stats.turns += 1;
      quiet = guard.hasPending() ? 0 : quiet + 1;
    }
  }

  async function runEvents(until: number | (() => boolean)): Promise<RunEnd['ended']> {
    const untilAt = typeof until === 'number' ? until : Number.POSITIVE_INFINITY;
    const isReached = typeof until === 'number' ? () => false : until;
    // Code that was started outside may still have uncounted immediates.
    await drain(drainDepth + 1);
    while (!isReached()) {
      if (stats.events >= eventsMax) return 'limit';
      const batch = agenda.takeBatch(untilAt, batchMs);
      if (batch.length === 0) {
        if (agenda.isEmpty() && registry.open().length > 0) return 'deadlock';
        return typeof until === 'number' ? 'until' : 'empty';
      }
      for (const event of batch) {
        if (event.callback === null || !event.owner.isAlive) continue;
        agenda.moveTo(event.at);
        stats.events += 1;
        event.callback();
      }
      await drain(drainDepth);
    }
    return 'condition';
  }

  return {
    ...registry,
    now: agenda.now,
    async run(until) {
      if (isRunning) throw new Error('the loop is already running');
      isRunning = true;
      guard.enter();
      try {
        const ended = await runEvents(until);
        if (typeof until === 'number' && ended !== 'limit') agenda.moveTo(Math.max(agenda.now(), until));
        return { ended, open: registry.open() };
      } finally {
        guard.leave();
        isRunning = false;
      }
    },
    stats,
    foreign: guard.foreign,
    unhandled: guard.unhandled,
  };
}

interface Agenda {
  now(): number;
  moveTo(instant: number): void;
  setTimer(owner: { readonly isAlive: boolean }, delayMs: number, callback: () => void): Timer;
  isEmpty(): boolean;
  /** The next event and those due within `batchMs` of it, as far as they are due by `untilAt`. */
  takeBatch(untilAt: number, batchMs: number): Event[];
}

function newAgenda(startAt: number): Agenda {
  let now = startAt;
  let sequence = 0;
  const heap = newHeap<Event>((left, right) =>
    left.at === right.at ? left.sequence < right.sequence : left.at < right.at,
  );

  /** The next event that will happen; those that were cancelled never move the time. */
  function next(): Event | undefined {
    for (let event = heap.peek(); event !== undefined; event = heap.peek()) {
      if (event.callback !== null && event.owner.isAlive) return event;
      heap.pop();
    }
    return undefined;
  }

  return {
    now: () => now,
    moveTo(instant) {
      now = instant;
    },
    setTimer(owner, delayMs, callback) {
      if (!Number.isFinite(delayMs)) throw new Error(`a timer cannot wait ${delayMs} ms`);
      sequence += 1;
      // Instants are whole milliseconds everywhere, in databases too.
      const event: Event = { at: now + Math.ceil(Math.max(0, delayMs)), sequence, owner, callback };
      heap.push(event);
      return {
        cancel() {
          event.callback = null;
        },
      };
    },
    isEmpty: () => next() === undefined,
    takeBatch(untilAt, batchMs) {
      const first = next();
      if (first === undefined || first.at > untilAt) return [];
      const batch: Event[] = [];
      const lastAt = Math.min(untilAt, first.at + batchMs);
      const countMax = batchMs > 0 ? Number.POSITIVE_INFINITY : 1;
      for (let event = next(); event && event.at <= lastAt && batch.length < countMax; event = next()) {
        batch.push(event);
        heap.pop();
      }
      return batch;
    },
  };
}

type Registry = Pick<
  VirtualLoop,
  'process' | 'clock' | 'setWallClock' | 'kill' | 'killAll' | 'onStep' | 'openWork' | 'open'
>;

/** Processes of the run, and their pending calls. */
function newRegistry(agenda: Agenda): Registry {
  const processes = new Map<string, VirtualProcess>();
  const stepCounts = new Map<string, number>();
  const work = new Map<number, OpenWork & { readonly owner: VirtualProcess | undefined }>();
  let workNumber = 0;
  let stepHook: ((step: Step) => void) | null = null;
  const wallAheadMs = new Map<string, number>();

  function openWork(name: string, owner?: VirtualProcess): () => void {
    workNumber += 1;
    const number = workNumber;
    work.set(number, { name: owner ? `${owner.name}: ${name}` : name, sinceAt: agenda.now(), owner });
    return () => void work.delete(number);
  }

  const host = {
    now: agenda.now,
    setTimer: agenda.setTimer,
    wallAheadMs: (name: string) => wallAheadMs.get(name) ?? 0,
    openWork,
    onStep(process: VirtualProcess, label: string, phase: Step['phase']) {
      const number = (stepCounts.get(process.name) ?? 0) + 1;
      stepCounts.set(process.name, number);
      stepHook?.({ process, number, label, phase });
    },
  };

  function process(name: string, skewMs = 0): VirtualProcess {
    const known = processes.get(name);
    if (known?.isAlive) return known;
    const made = newProcess(host, name, (known?.life ?? 0) + 1, skewMs);
    made.onEnd(() => {
      for (const [number, { owner }] of work) if (owner === made) work.delete(number);
    });
    processes.set(name, made);
    return made;
  }

  return {
    process,
    clock: (name, skewMs) => process(name, skewMs).clock,
    setWallClock: (name, aheadMs) => void wallAheadMs.set(name, aheadMs),
    kill(name) {
      const known = processes.get(name);
      if (!known?.isAlive) return false;
      known.kill();
      return true;
    },
    killAll() {
      for (const known of processes.values()) known.kill();
    },
    onStep(hook) {
      stepHook = hook;
    },
    openWork,
    open: () => [...work.values()].map(({ name, sinceAt }) => ({ name, sinceAt })),
  };
}
