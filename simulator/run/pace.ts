import { type Clock, sleep } from '../../shared/ports/clock.ts';

/** How a run lets time pass: on real parts it passes by itself, in virtual time the loop has to be run. */
export interface Pace {
  now(): number;
  /** Waits until the condition holds, until `endAt` at the latest; resolves with whether it held. */
  until(endAt: number, holds: () => boolean): Promise<boolean>;
  /** Waits until this instant. */
  pass(untilAt: number): Promise<void>;
  /** Waits for work of the run's own. */
  completed<Value>(work: Promise<Value>): Promise<Value>;
}

/** Returns the pace of a run that has to look, every `everyMs`, as a run on real parts does. All waits reject when `stopped` does. */
export function clockPace(options: {
  readonly clock: Clock;
  /** Between two looks; a function says it after each. */
  readonly everyMs: number | (() => number);
  /** Reads anew what conditions look at. */
  readonly refresh: () => Promise<void>;
  readonly stopped?: Promise<never>;
}): Pace {
  const { clock, everyMs, refresh, stopped } = options;
  const completed = <Value>(work: Promise<Value>) =>
    stopped === undefined ? work : Promise.race([work, stopped]);
  return {
    now: () => clock.now(),
    async until(endAt, holds) {
      for (;;) {
        await completed(refresh());
        if (holds()) return true;
        if (clock.now() >= endAt) return false;
        await completed(sleep(clock, typeof everyMs === 'number' ? everyMs : everyMs()));
      }
    },
    pass: (untilAt) => completed(sleep(clock, untilAt - clock.now())),
    completed,
  };
}
