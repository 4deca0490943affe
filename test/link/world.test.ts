import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { VirtualBrokerDeps } from '../../shared/virtual/device-link.ts';
import { brokenRule } from '../../simulator/check/judge.ts';
import type { TestCase } from '../../simulator/check/test-case.ts';
import { runTestCase } from '../../simulator/check/test-case-run.ts';
import { schedules } from '../../simulator/testing/arbitraries.ts';
import { testSecrets } from '../../simulator/virtual-system/settings.ts';
import { constantRandom } from './constant-random.ts';
import { takeOverTime } from './loop-time.ts';
import { realBroker } from './real-broker.ts';
import { runsOf } from './runs.ts';

const runs = runsOf(8);
const latencyMs = () => 7;
const fraction = 0.5;
let isReal: boolean = false;
let giveTimeBack: () => void = () => {};

vi.mock('node:net', () => import('./memory-net.ts'));
vi.mock('../../shared/virtual/device-link.ts', async (importOriginal) => {
  const actual = await importOriginal<typeof import('../../shared/virtual/device-link.ts')>();
  return {
    ...actual,
    virtualBroker({ loop }: VirtualBrokerDeps) {
      if (!isReal) return actual.virtualBroker({ loop, random: constantRandom(fraction), latencyMs });
      giveTimeBack = takeOverTime(loop.clock('timers'), fraction);
      return realBroker({
        loop,
        latencyMs,
        service: { username: 'api-iot', password: testSecrets.link },
        monitor: { username: 'monitor', password: 'of nobody' },
        password: 'password',
      });
    },
  };
});

/** How the activations ended, and the first rule that did not hold. */
async function outcomeOf(schedule: TestCase, withReal: boolean) {
  isReal = withReal;
  try {
    const run = await runTestCase(schedule);
    const ends = new Map(
      run.moves.map(({ id, after }) => {
        const { phase, attempts, settlement } = after;
        return [id, `${phase} after ${attempts.length} attempts, ${settlement?.status ?? 'no money'}`];
      }),
    );
    // An id holds its instant, and which of two messages comes first in a millisecond is open.
    return {
      ends: [...ends.values()].sort((left, right) => left.localeCompare(right)),
      broken: brokenRule(run),
    };
  } finally {
    giveTimeBack();
    giveTimeBack = () => {};
  }
}

/** The embedded broker keeps nothing when it starts again; and each event has its turn alone, as the scripts' have. */
const schedulesHere = schedules().map((schedule) => ({
  ...schedule,
  batchMs: 0,
  world: schedule.world.map((fault) =>
    fault.type === 'broker_restarted' ? { ...fault, forgets: true } : fault,
  ),
}));

test('activations end the same, and no rule breaks, with Aedes and mqtt.js in the virtual system', {
  timeout: 300_000 + 3_000 * runs,
}, async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(schedulesHere, async (schedule) => {
      const real = await outcomeOf(schedule, true);
      const plain = await outcomeOf(schedule, false);
      expect(plain).toEqual(real);
      expect(real.broken).toBeNull();
      count += real.ends.length;
    }),
    { numRuns: runs },
  );
  expect(count).toBeGreaterThanOrEqual(runs);
});
