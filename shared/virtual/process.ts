import type { Clock, Timer } from '../ports/clock.ts';

/**
 * One process of a virtual system, from its start to its end. Each adapter belongs to a process and makes its calls through
 * it, so that a killed process neither acts nor receives an answer: a kill runs no `catch` and no `finally`.
 */
export interface VirtualProcess {
  readonly name: string;
  /** 1 for the first process of this name. */
  readonly life: number;
  readonly isAlive: boolean;
  readonly clock: Clock;
  /**
   * One call through a port. It is a step before it acts and a step before its answer is heard; at each the process may
   * be killed. A dead process's call never settles. While it lasts it counts as open work.
   */
  call<T>(label: string, act: () => Promise<T> | T): Promise<T>;
  /** Runs when the process dies, in the order of asking. Returns how to take that back. */
  onEnd(callback: () => void): () => void;
  /** Dies at once: its timers are cancelled, its calls never settle. Harmless when it is dead. */
  kill(): void;
}

/** A moment at which a process may be killed. Steps of one name are counted from 1, over all its starts. */
export interface Step {
  readonly process: VirtualProcess;
  readonly number: number;
  readonly label: string;
  readonly phase: 'before' | 'after';
}

/** What a process needs of the loop. */
export interface ProcessHost {
  now(): number;
  /** What the wall clock of the process's machine is ahead of its time without jumps. */
  wallAheadMs(name: string): number;
  setTimer(owner: { readonly isAlive: boolean }, delayMs: number, callback: () => void): Timer;
  onStep(process: VirtualProcess, label: string, phase: Step['phase']): void;
  /** Declares work; the returned function ends it. */
  openWork(name: string, owner: VirtualProcess): () => void;
}

const noTimer: Timer = { cancel() {} };

export function newProcess(host: ProcessHost, name: string, life: number, skewMs: number): VirtualProcess {
  let isAlive = true;
  const ends = new Set<() => void>();
  const clock: Clock = {
    now: () => host.now() + skewMs,
    wallNow: () => host.now() + skewMs + host.wallAheadMs(name),
    setTimer: (delayMs, callback) => (isAlive ? host.setTimer(process, delayMs, callback) : noTimer),
  };
  const process: VirtualProcess = {
    name,
    life,
    get isAlive() {
      return isAlive;
    },
    clock,
    call<T>(label: string, act: () => Promise<T> | T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (isAlive) host.onStep(process, label, 'before');
        if (!isAlive) return;
        const done = host.openWork(label, process);
        const settle = (finish: () => void) => {
          if (isAlive) host.onStep(process, label, 'after');
          if (!isAlive) return;
          done();
          finish();
        };
        started(act).then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        );
      });
    },
    onEnd(callback) {
      ends.add(callback);
      return () => void ends.delete(callback);
    },
    kill() {
      if (!isAlive) return;
      isAlive = false;
      for (const callback of ends) callback();
      ends.clear();
    },
  };
  return process;
}

/** Begins at once; what it throws is a rejection. */
function started<T>(act: () => Promise<T> | T): Promise<T> {
  try {
    return Promise.resolve(act());
  } catch (error) {
    return Promise.reject(error);
  }
}
