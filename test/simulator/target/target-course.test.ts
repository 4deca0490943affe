import { expect, test } from 'vitest';
import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import type { PurchaseAnswer } from '../../../simulator/reports/evidence.ts';
import { conduct } from '../../../simulator/run/conduct.ts';
import type { Pace } from '../../../simulator/run/pace.ts';
import type { Progress, RunContext } from '../../../simulator/run/run-context.ts';
import type { TargetEvidence } from '../../../simulator/target/target-case.ts';
import { lookAtTarget, targetCourse } from '../../../simulator/target/target-course.ts';
import { samplePlan } from '../reports/sample-plan.ts';

const mapping = {
  purchase: { headers: {}, body: {}, activation: '/id' },
  payment: { metadata: 'order' },
  command: { field: 'reference' as const },
};

/** A timer whose time is over. */
const soon = (_: number, run: () => void) => {
  queueMicrotask(run);
  return { cancel() {} };
};

/** Conducts a run of one purchase, whose engine shows `evidenceAt` after so many milliseconds; returns when its evidence was taken. */
async function conducted(evidenceAt: (ms: number) => Partial<TargetEvidence>, stallMs?: number) {
  let at = 0;
  const clock = { now: () => at, setTimer: () => ({ cancel() {} }) };
  const sample = samplePlan();
  const plan = {
    ...sample,
    purchases: sample.purchases.slice(0, 1).map((one) => ({ ...one, atMs: 0 })),
    vehicles: [],
  };
  const [planned] = plan.purchases;
  const answers: PurchaseAnswer[] = [];
  const read = async (): Promise<TargetEvidence> => ({
    ...{ ledger: [], payments: [], apiIot: [], broker: [], mails: [], pushes: [] },
    ...evidenceAt(at),
  });
  const look = lookAtTarget({
    ...{ clock, plan, mapping, answers, read },
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const pace: Pace = {
    now: () => at,
    async until(endAt, holds) {
      for (; ; at += 250) {
        await look.refresh();
        if (holds()) return true;
        if (at >= endAt) return false;
      }
    },
    async pass(untilAt) {
      at = Math.max(at, untilAt);
    },
    completed: (work) => work,
  };
  const steps: Progress[] = [];
  const context = {
    ...{ plan, planAgain: () => plan, pace, clock, isStill: look.isStill },
    settings: {
      ...targetCourse(plan),
      faultsEnd: { when: 'bought', afterMs: 0, leastMs: 0 },
    },
    fleet: {
      start: async () => {},
      states: () => [],
      finishedCount: () => 0,
      endOutages() {
        throw new Error('no revocation is known');
      },
    },
    customers: {
      clock: { now: () => at, setTimer: soon },
      buy: async () => ({
        ...{ plannedId: planned?.id ?? '', at, status: 202, problem: null, purchaseId: 'order-1' },
      }),
      onAnswer: (answer: PurchaseAnswer) => answers.push(answer),
    },
    faults: { begin() {}, clear() {} },
    progress: { show: (progress: Progress) => steps.push(progress), everyMs: 1_000_000_000 },
    sources: { messages: () => [], take: async () => ({}) },
  };
  const { evidence, isSettled } = await conduct(context as unknown as RunContext);
  return { takenAt: evidence.takenAt, isSettled, healedAt: evidence.healedAt, steps };
}

const command = (endedAt: number | null) =>
  ({ reference: 'order-1', endedAt, id: 'c', features: [] }) as unknown as CommandResource;
const entry = (kind: string) => ({ kind, paymentId: 'pi_1', amountMinor: 5, currency: 'EUR' }) as never;
const payments = [{ id: 'pi_1', metadata: { order: 'order-1' } }] as never;

test('takes the evidence once nothing has moved for a second after everything ended by what is seen', async () => {
  const { takenAt, isSettled, steps } = await conducted((ms) =>
    ms < 7_000
      ? { payments, ledger: [entry('charged')], apiIot: [command(null)] }
      : { payments, ledger: [entry('charged'), entry('refunded')], apiIot: [command(7_000)] },
  );
  expect([isSettled, takenAt]).toEqual([true, 8_250]);
  expect([...new Set(steps.map(({ step }) => step))]).toEqual([
    'connecting',
    'running',
    'settling',
    'checking',
  ]);
  expect(steps.at(-1)).toEqual(expect.objectContaining({ purchases: 1, purchasesPlanned: 1, phases: {} }));
});

test('a purchase whose payment was declined has ended: nothing of it comes into the ledger', async () => {
  const { takenAt, isSettled } = await conducted(() => ({ payments }));
  expect([isSettled, takenAt]).toEqual([true, 1_000]);
});

test('does not wait for a mapping that fits nothing, once nothing has moved for ten seconds', async () => {
  const unnamed = [{ id: 'pi_1', metadata: { basket: 'order-1' } }] as never;
  const { takenAt, isSettled } = await conducted(() => ({ payments: unnamed, ledger: [entry('charged')] }));
  expect([isSettled, takenAt]).toEqual([true, 11_000]);
});

test('waits for an engine that does nothing as long as it may rest, and longer while a command waits', async () => {
  const { takenAt, isSettled } = await conducted(() => ({}), 20_000);
  expect([isSettled, takenAt]).toEqual([true, 21_000]);
  const waiting = await conducted(
    (ms) => ({ payments, apiIot: [command(ms < 30_000 ? null : 30_000)] }),
    20_000,
  );
  expect([waiting.isSettled, waiting.takenAt]).toEqual([true, 31_250]);
});

test('waits no longer than its course allows for what never ends', async () => {
  const { takenAt, isSettled, healedAt } = await conducted(() => ({
    payments,
    ledger: [entry('authorised')],
    apiIot: [command(null)],
  }));
  // 80.4 s, and the looks are 250 ms apart.
  expect([isSettled, healedAt, takenAt]).toEqual([false, 0, 80_500]);
});
