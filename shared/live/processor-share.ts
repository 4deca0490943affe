import { performance } from 'node:perf_hooks';

/** How often the two clocks are read. */
const lookEveryMs = 1_000;
/** Slowness is that of the worst ten seconds: another program may be there for a part of a run only. */
const looksOfWindow = 10;
/** With less work in a window, the processor time of other threads counts for too much. */
const leastActiveMs = 1_000;

/** What a process has used since it began, in milliseconds. */
export interface ProcessorUse {
  /** Time in which its event loop had work, by a clock on the wall. */
  readonly activeMs: number;
  /** Processor time, user and system. */
  readonly processorMs: number;
}

/**
 * Says how many times as long as its processor time the work of a process took, in the worst ten seconds: 1 where the machine
 * gives it a processor whenever it has work, 2 where it waits for a processor half of the time.
 */
export function slownessMeter() {
  const looks: ProcessorUse[] = [];
  let slowness = 1;
  return {
    look(now: ProcessorUse): void {
      looks.push(now);
      if (looks.length <= looksOfWindow) return;
      const before = looks.shift() ?? now;
      const activeMs = now.activeMs - before.activeMs;
      const processorMs = now.processorMs - before.processorMs;
      if (activeMs >= leastActiveMs && processorMs > 0) slowness = Math.max(slowness, activeMs / processorMs);
    },
    slowness: () => slowness,
  };
}

/** Watches how long this process waits for a processor, from now on. */
export function watchProcessorShare(): { slowness(): number; stop(): Promise<void> } {
  const meter = slownessMeter();
  const look = () => {
    const { user, system } = process.cpuUsage();
    meter.look({
      activeMs: performance.eventLoopUtilization().active,
      processorMs: (user + system) / 1_000,
    });
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    slowness: meter.slowness,
    async stop() {
      clearInterval(timer);
    },
  };
}
