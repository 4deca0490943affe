import { describe, expect, it } from 'vitest';
import { type Clock, sleep } from '../../shared/ports/clock.ts';

export interface OpenedClock {
  readonly clock: Clock;
  /** Lets this much of the clock's time pass. */
  pass(ms: number): Promise<void>;
}

/** What every `Clock` owes its callers. */
export function describeClock(name: string, open: () => OpenedClock): void {
  describe(`clock: ${name}`, () => {
    it('runs timers in the order of their instants, and those of one instant in the order of setting', async () => {
      const { clock, pass } = open();
      const fired: string[] = [];
      clock.setTimer(40, () => fired.push('40'));
      clock.setTimer(10, () => fired.push('10a'));
      clock.setTimer(10, () => fired.push('10b'));
      clock.setTimer(0, () => fired.push('0'));
      clock.setTimer(-5, () => fired.push('past'));
      await pass(80);
      expect(fired).toEqual(['0', 'past', '10a', '10b', '40']);
    });

    it('never runs a timer before its time, and never inside setTimer', async () => {
      const { clock, pass } = open();
      const setAt = clock.now();
      let firedAt = 0;
      clock.setTimer(30, () => {
        firedAt = clock.now();
      });
      let isSet = false;
      let wasSet = false;
      clock.setTimer(0, () => {
        wasSet = isSet;
      });
      isSet = true;
      await pass(80);
      // Wall-clock timers may round their start down to the millisecond.
      expect(firedAt - setAt).toBeGreaterThanOrEqual(29);
      expect(wasSet).toBe(true);
    });

    it('never runs a cancelled timer, and takes a late cancel', async () => {
      const { clock, pass } = open();
      const fired: string[] = [];
      clock.setTimer(10, () => fired.push('cancelled')).cancel();
      const kept = clock.setTimer(10, () => fired.push('kept'));
      await pass(60);
      kept.cancel();
      expect(fired).toEqual(['kept']);
    });

    it('does not run a timer of 100 days at once', async () => {
      const { clock, pass } = open();
      let fired = false;
      const timer = clock.setTimer(100 * 86_400_000, () => {
        fired = true;
      });
      await pass(30);
      timer.cancel();
      expect(fired).toBe(false);
    });

    it('wakes a sleeper early when asked', async () => {
      const { clock } = open();
      const controller = new AbortController();
      const slept = sleep(clock, 86_400_000, controller.signal);
      controller.abort();
      await slept;
      await sleep(clock, 86_400_000, controller.signal);
    });
  });
}
