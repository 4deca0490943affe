import { afterEach, describe, expect, test, vi } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { plantedBugs, unplant } from './planted-bugs.ts';

/** `npm run check:planted` runs all of them; what takes more runs than this is left out of every day's tests. */
const isComplete = process.env.PLANTED === 'all';
const runsEveryDay = 60;
const seed = Number(process.env.PLANTED_SEED ?? 1);

afterEach(unplant);

describe('The check finds a planted bug', () => {
  for (const { name, within, plant } of plantedBugs) {
    test.skipIf(!isComplete && within > runsEveryDay)(
      `${name}, within ${within} runs`,
      { timeout: 600_000 },
      async () => {
        vi.resetModules();
        const tampers = plant() ?? {};
        const { checkSchedules } = await import('../../simulator/world/checking.ts');
        const { failures } = await checkSchedules({
          seed,
          runs: within,
          worker: 0,
          workers: 1,
          minutes: null,
          now: wallClock.now,
          tampers,
          makeSmall: false,
        });
        const [failure] = failures;
        if (isComplete) console.log(`${failure?.run ?? 'none'} | ${name} | ${failure?.rule ?? ''}`);
        expect(failure?.run).toBeLessThanOrEqual(within);
      },
    );
  }
});
