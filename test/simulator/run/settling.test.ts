import { expect, test } from 'vitest';
import { sleep } from '../../../shared/ports/clock.ts';
import { conduct } from '../../../simulator/run/conduct.ts';
import type { OpenWork } from '../../../simulator/run/open-work.ts';
import { clockPace, type Pace } from '../../../simulator/run/pace.ts';
import type { Progress, RunContext } from '../../../simulator/run/run-context.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';
import { samplePlan } from '../reports/sample-plan.ts';

/** A run without purchases, of which nothing but one revocation of an unreachable vehicle is left until `endsAt`. */
async function takenAt(endsAt: number): Promise<{ takenAt: number; isSettled: boolean }> {
  let at = 0;
  const pace: Pace = {
    now: () => at,
    async until(endAt, holds) {
      for (; ; at += 250) {
        if (holds()) return true;
        if (at >= endAt) return false;
      }
    },
    async pass(untilAt) {
      at = Math.max(at, untilAt);
    },
    completed: (work) => work,
  };
  const openWork = (): OpenWork => ({
    activations: 0,
    revocations: 0,
    unreachable: at < endsAt ? 1 : 0,
    following: 0,
  });
  const context = {
    plan: { ...samplePlan(), purchases: [] },
    planAgain: () => null,
    pace,
    clock: { now: () => at },
    settings: {
      faultsEnd: { when: 'bought', afterMs: 1_000, leastMs: 0 },
      livenessMs: 60_000,
      calmMs: 0,
      unreachableMs: 5_000,
      quietMs: 0,
      evidenceWaitMs: 0,
      lookEveryMs: 250,
    },
    fleet: { start: async () => {}, states: () => [], finishedCount: () => 0, endOutages() {} },
    customers: {},
    faults: { begin() {}, clear() {} },
    books: { openWork, openCommands: () => ({ open: 0, unanswered: [] }) },
    sources: { messages: () => [], freeze: async () => {}, take: async () => ({}) },
  };
  const { evidence, isSettled } = await conduct(context as unknown as RunContext);
  return { takenAt: evidence.takenAt, isSettled };
}

test.each([
  ['ends before the wait is over, as with a wedged vehicle', 4_000, { takenAt: 4_000, isSettled: true }],
  ['never ends', Number.POSITIVE_INFINITY, { takenAt: 6_000, isSettled: true }],
])('a revocation that no command should reach %s', async (_, endsAt, expected) => {
  expect(await takenAt(endsAt)).toEqual(expected);
});

test('progress is reported while the fleet still connects', async () => {
  const clock = manualClock(0);
  const shown: string[] = [];
  const context = {
    plan: { ...samplePlan(), purchases: [] },
    planAgain: () => null,
    pace: clockPace({ clock, everyMs: 1_000, refresh: async () => {} }),
    clock,
    settings: {
      faultsEnd: { when: 'bought', afterMs: 0, leastMs: 0 },
      ...{ livenessMs: 1_000, calmMs: 0, unreachableMs: 0, quietMs: 0, evidenceWaitMs: 0, lookEveryMs: 250 },
    },
    progress: {
      everyMs: 1_000,
      show: ({ step, elapsedMs }: Progress) => shown.push(`${elapsedMs} ${step}`),
    },
    fleet: { start: () => sleep(clock, 3_500), states: () => [], finishedCount: () => 0, endOutages() {} },
    customers: {},
    faults: { begin() {}, clear() {} },
    sources: { messages: () => [], freeze: async () => {}, take: async () => ({}) },
  };
  const run = conduct(context as unknown as RunContext);
  await settle();
  await clock.advance(10_000);
  await run;
  expect(shown.slice(0, 5)).toEqual([
    '0 connecting',
    '1000 connecting',
    '2000 connecting',
    '3000 connecting',
    '3500 running',
  ]);
});
