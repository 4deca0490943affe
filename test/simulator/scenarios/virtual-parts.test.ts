import { expect, test } from 'vitest';
import type { ComponentFault } from '../../../simulator/faults/component-fault.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { reportOf } from '../../../simulator/reports/report.ts';
import { type Scenario, scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

type VehicleFaults = Scenario['faults']['vehicles'];

/** One car and one purchase. At 100 times, a command's five minutes are 3 s, and the first back-off 300 ms. */
async function story(parts: readonly ComponentFault[], vehicles: VehicleFaults = []) {
  const scenario = scenarioSchema.parse({
    name: 'one-part',
    description: 'One car, and parts that fail.',
    timeScale: 100,
    slackMs: 60_000,
    vehicles: { count: 1, models: [{ model: 'aurora-2026', weight: 1 }] },
    purchases: { count: 1, overMs: 0 },
    faults: { vehicles, parts },
  });
  const { evidence } = await runScenarioVirtually({ scenario, seed: 1 });
  const { activations, checks, schedules } = reportOf(evidence, runChecks(evidence), { world: 'virtual' });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const [line] = activations;
  const answeredMs = (evidence.answers[0]?.at ?? Number.NaN) - evidence.startedAt;
  return { ...line, crashes: evidence.crashes, answeredMs, windows: schedules.services };
}

const busy: VehicleFaults = [
  { name: 'busy', type: 'ecu_busy', mode: 'one', attributes: { first: [1, 1], feature: null } },
];

test.each([true, false])(
  'a broker that restarts, with its sessions: %s, carries the command once it is back',
  async (keepsSessions) => {
    const fault: ComponentFault = {
      name: 'it',
      type: 'broker_restart',
      schedule: { afterMs: 0 },
      attributes: { forMs: 1_000, keepsSessions },
    };
    const { outcome, tookMs, windows } = await story([fault]);
    expect(outcome).toBe('active');
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(windows).toEqual([
      { where: 'parts', name: 'it', type: 'broker_restart', toxicity: 1, fromMs: 0, toMs: 1_000 },
    ]);
  },
);

test('a crashed platform answers after its restart, and continues after each of three crashes', async () => {
  const crash = (
    schedule: Extract<ComponentFault, { type: 'gateway_crash' }>['schedule'],
    forMs: number,
  ): ComponentFault => ({
    name: 'it',
    type: 'gateway_crash',
    schedule,
    attributes: { process: 'platform', forMs },
  });
  const once = await story([crash({ afterMs: 0 }, 1_500)]);
  expect([once.outcome, once.attempts, once.crashes]).toEqual(['active', 1, 1]);
  expect(once.answeredMs).toBeGreaterThanOrEqual(1_500);
  const thrice = await story([crash({ afterMs: 50, everyMs: 100, times: 3 }, 40)]);
  expect([thrice.outcome, thrice.crashes]).toEqual(['active', 3]);
});

test('an API IoT that is dead costs attempts, and no command twice', async () => {
  const fault: ComponentFault = {
    name: 'it',
    type: 'gateway_crash',
    schedule: { afterMs: 0 },
    attributes: { process: 'api-iot', forMs: 1_000 },
  };
  const { outcome, attempts = 0, crashes, tookMs } = await story([fault]);
  expect([outcome, crashes]).toEqual(['active', 1]);
  expect(attempts).toBeGreaterThan(1);
  expect(tookMs).toBeGreaterThanOrEqual(1_000);
});

test('the engine continues without NATS; a wiped NATS loses the next wake-up, which the sweep finds', async () => {
  const calm = await story([], busy);
  expect(calm.tookMs).toBeLessThan(1_000);
  const down = await story([
    { name: 'it', type: 'nats_down', schedule: { afterMs: 0 }, attributes: { forMs: 1_200 } },
  ]);
  expect([down.outcome, down.attempts]).toEqual(['active', 1]);
  expect(down.tookMs).toBeLessThan(1_000);
  const wiped = await story(
    [{ name: 'it', type: 'nats_wiped', schedule: { afterMs: 200 }, attributes: {} }],
    busy,
  );
  expect([wiped.outcome, wiped.attempts]).toEqual(['active', 2]);
  expect(wiped.tookMs).toBeGreaterThanOrEqual(1_000);
});

test('a platform that stops as on a signal dies never, and answers when it is back', async () => {
  const stop: ComponentFault = {
    name: 'it',
    type: 'gateway_stop',
    schedule: { afterMs: 0 },
    attributes: { process: 'platform', forMs: 1_500 },
  };
  const { outcome, attempts, crashes, answeredMs } = await story([stop]);
  expect([outcome, attempts, crashes]).toEqual(['active', 1, 0]);
  expect(answeredMs).toBeGreaterThanOrEqual(1_500);
});

test.each(['before', 'after'] as const)(
  'a platform that dies %s its first authorisation authorises once, and its customer is answered',
  async (phase) => {
    const crash: ComponentFault = {
      name: 'it',
      type: 'crash_at_call',
      attributes: { call: 'authorise', nth: 1, phase, forMs: 1_000 },
    };
    const { outcome, crashes, answeredMs } = await story([crash]);
    expect([outcome, crashes]).toEqual(['active', 1]);
    expect(answeredMs).toBeGreaterThanOrEqual(1_000);
  },
);

test('an API IoT dies at the step that a fault names, once', async () => {
  const crash: ComponentFault = {
    name: 'it',
    type: 'crash_at_step',
    attributes: { process: 'api-iot', step: 12, forMs: 200 },
  };
  const { outcome, crashes } = await story([crash]);
  expect([outcome, crashes]).toEqual(['active', 1]);
});
