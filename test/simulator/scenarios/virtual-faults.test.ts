import { expect, test } from 'vitest';
import type { ServiceFaultRecord } from '../../../simulator/faults/fault.ts';
import type { HttpFault } from '../../../simulator/faults/http-fault.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { type Scenario, scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import type { VehicleFaultRule } from '../../../simulator/scenarios/vehicle-fault.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';
import { virtualReport } from './virtual-run.ts';

const heatedSeats = {
  id: 'heated-seats',
  feature: 'heated_seats',
  duration: { unit: 'months', count: 1 },
  weight: 1,
};

/** One car, one purchase, and one thing that goes wrong. At 100 times, a command's five minutes are 3 s. */
function storyOf(faults: Partial<Scenario['faults']>): Scenario {
  return scenarioSchema.parse({
    name: 'one-fault',
    description: 'One car and one fault.',
    timeScale: 100,
    vehicles: { count: 1, models: [{ model: 'aurora-2026', weight: 1 }] },
    purchases: { count: 1, overMs: 0, services: [heatedSeats] },
    faults,
  });
}

async function outcomeOf(faults: Partial<Scenario['faults']>) {
  const { activations, checks, faults: struck } = await virtualReport(storyOf(faults));
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  return { line: activations[0], struck };
}

const one = { name: 'it', mode: 'one' } as const;
const vehicleFaults: [VehicleFaultRule, outcome: string, attempts: number, fromMs: number, toMs: number][] = [
  // The command waits in the broker until the car is back.
  [
    { ...one, type: 'offline', attributes: { afterMs: [0, 0], forMs: [1_000, 1_000] } },
    'active',
    1,
    1_000,
    2_000,
  ],
  [
    { ...one, type: 'cut_when_applying', attributes: { first: [1, 1], forMs: [1_500, 1_500] } },
    'active',
    1,
    1_500,
    3_000,
  ],
  // The vehicle answers the next attempt that the feature is active already.
  [
    { ...one, type: 'lose_result', attributes: { first: [1, 1], withStatus: false } },
    'active',
    2,
    3_300,
    5_000,
  ],
  [
    { ...one, type: 'lose_result', attributes: { first: [1, 1], withStatus: true } },
    'active',
    2,
    3_300,
    5_000,
  ],
  [{ ...one, type: 'hang', attributes: { first: [2, 2] } }, 'active', 3, 6_900, 9_000],
  [{ ...one, type: 'ecu_busy', attributes: { first: [1, 1], feature: null } }, 'active', 2, 300, 1_500],
  [{ ...one, type: 'low_12v', attributes: { first: [2, 2], feature: null } }, 'active', 3, 900, 2_500],
  [{ ...one, type: 'storage_full', attributes: { first: [1, 1], feature: null } }, 'active', 2, 300, 1_500],
  [
    { ...one, type: 'reject', attributes: { reason: 'unsupported_hardware', feature: null } },
    'failed',
    1,
    10,
    1_000,
  ],
  // A command that is good for 3 s looks expired to it.
  [{ ...one, type: 'clock_skew', attributes: { skewMs: [9_000, 9_000] } }, 'failed', 6, 9_300, 15_000],
];

test.each(
  vehicleFaults.map((row) => [`${row[0].type} ${JSON.stringify(row[0].attributes)}`, ...row] as const),
)('in virtual time a vehicle meets %s', async (_, fault, outcome, attempts, fromMs, toMs) => {
  const { line, struck } = await outcomeOf({ vehicles: [fault] });
  expect([line?.outcome, line?.attempts]).toEqual([outcome, attempts]);
  expect(line?.tookMs).toBeGreaterThanOrEqual(fromMs);
  expect(line?.tookMs).toBeLessThan(toMs);
  expect(struck.vehicles).toEqual({ [fault.type]: 1 });
});

const first = {
  name: 'it',
  toxicity: 1,
  match: { method: 'POST', path: '/vehicle/*/configure' },
  schedule: { first: 1 },
};
const serviceFaults: [HttpFault, outcome: string, attempts: number, fromMs: number, toMs: number][] = [
  [{ ...first, type: 'server_error', attributes: { status: 503 } }, 'active', 2, 300, 1_500],
  // The same attempt asks again with its key, and that is no second command.
  [{ ...first, type: 'response_lost', attributes: {} }, 'active', 1, 10, 1_500],
  [{ ...first, type: 'rate_limited', attributes: { retryAfterSeconds: 2 } }, 'active', 1, 2_000, 3_500],
  // One refresh of the token heals it.
  [{ ...first, type: 'unauthorized', attributes: {} }, 'active', 1, 10, 1_000],
  [{ ...first, type: 'slow', attributes: { latencyMs: 900, jitterMs: 0 } }, 'active', 1, 900, 2_000],
];

test.each(serviceFaults.map((row) => [row[0].type, ...row] as const))(
  'in virtual time the API IoT meets %s',
  async (_, fault, outcome, attempts, fromMs, toMs) => {
    const { line, struck } = await outcomeOf({ apiIot: [fault] });
    expect([line?.outcome, line?.attempts]).toEqual([outcome, attempts]);
    expect(line?.tookMs).toBeGreaterThanOrEqual(fromMs);
    expect(line?.tookMs).toBeLessThan(toMs);
    expect(Object.entries(struck.apiIot).filter(([, count]) => count > 0)).toEqual([[fault.type, 1]]);
  },
);

test('in virtual time an answer of the payment service is lost, and no customer pays twice', async () => {
  const fault: HttpFault = {
    name: 'it',
    type: 'response_lost',
    toxicity: 1,
    match: { method: 'POST', path: '/v1/payment_intents/*/capture' },
    schedule: { first: 2 },
    attributes: {},
  };
  const report = await virtualReport(storyOf({ payments: [fault] }));
  expect(report.faults.payments).toEqual({
    server_error: 0,
    response_lost: 2,
    rate_limited: 0,
    unauthorized: 0,
    unreachable: 0,
    slow: 0,
  });
  expect(report.outcomes.active).toBe(1);
  expect(report.money).toEqual({
    EUR: {
      authorisedMinor: 1_490,
      atOnceMinor: 0,
      capturedMinor: 1_490,
      voidedMinor: 0,
      refundedMinor: 0,
      keptMinor: 1_490,
    },
  });
});

const service = { name: 'it', layer: 'services', toxicity: 1 } as const;

const channelDown: [ServiceFaultRecord, string, tries: number][] = [
  // A push that hangs takes the sender eleven seconds to give up, so the fault lasts until the second has come.
  [
    {
      ...service,
      type: 'smtp_down',
      target: { service: 'mail' },
      schedule: { first: 4 },
      attributes: { hangs: false, takes: false },
    },
    'email',
    4,
  ],
  [
    {
      ...service,
      type: 'push_down',
      target: { service: 'push' },
      schedule: { afterMs: 0, forMs: 40_000, first: 2 },
      attributes: { hangs: true, takes: false },
    },
    'push',
    2,
  ],
];

test.each(channelDown.map((row) => [row[0].type, ...row] as const))(
  'in virtual time %s: the notifications are tried again until they are accepted, and each arrives once',
  async (type, record, channel, tries) => {
    const story = storyOf({ list: [record] });
    const { evidence } = await runScenarioVirtually({
      scenario: { ...story, customers: { languages: ['en'], pushShare: 1 } },
      seed: 1,
    });
    expect(evidence.channelFaults).toEqual({
      smtp_down: 0,
      push_down: 0,
      smtp_slow: 0,
      push_slow: 0,
      [type]: tries,
    });
    const told = evidence.database.notices.filter((notice) => notice.channel === channel);
    expect(told.map(({ kind, status }) => [kind, status])).toEqual([
      ['payment_confirmed', 'sent'],
      ['activation_started', 'sent'],
      ['activation_successful', 'sent'],
    ]);
    expect(told.reduce((sum, notice) => sum + notice.tries, 0)).toBe(3 + tries);
    const seen =
      channel === 'email'
        ? evidence.mails.map(({ messageId }) => messageId.split('@')[0])
        : evidence.pushes.map(({ noticeId }) => noticeId);
    expect(seen.toSorted()).toEqual(told.map(({ id }) => id).toSorted());
    expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
  },
);

test('in virtual time an activation that is queued behind another of an absent vehicle tells of its start at once', async () => {
  const services = ['heated_seats', 'remote_start'].map((feature) => ({
    ...heatedSeats,
    id: feature.replace('_', '-'),
    feature,
  }));
  const story = scenarioSchema.parse({
    ...storyOf({
      vehicles: [{ ...one, type: 'offline', attributes: { afterMs: [0, 0], forMs: [2_000, 2_000] } }],
    }),
    purchases: { count: 2, overMs: 0, perVehicleMax: 2, services },
  });
  const { evidence } = await runScenarioVirtually({ scenario: story, seed: 1 });
  const { record, notices } = evidence.database;
  const queued = record.filter(({ type }) => type === 'activation.postponed');
  expect(new Set(queued.map((row) => row.activation_id)).size).toBe(1);
  const instants = (name: string) => notices.filter(({ kind }) => kind === name).map((row) => row.created_at);
  const paid = instants('payment_confirmed');
  const started = instants('activation_started');
  expect(started).toHaveLength(paid.length);
  // A minute at 100 times.
  expect(Math.max(...started) - Math.min(...paid)).toBeLessThan(600);
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
});

test('in virtual time a mail server that stays away: every mail is given up after its 300th try, and no more is tried', async () => {
  const { evidence } = await runScenarioVirtually({ scenario: shippedScenario('notices-given-up'), seed: 1 });
  const mails = evidence.database.notices.filter(({ channel }) => channel === 'email');
  expect(mails.map(({ status, tries, last_error }) => [status, tries, last_error])).toEqual(
    Array.from({ length: 6 }, () => ['dead', 300, 'the email service is away']),
  );
  expect([evidence.mails.length, evidence.pushes.length]).toEqual([0, 6]);
  const given = evidence.database.record.filter(({ type }) => type === 'notice.dead');
  expect(given).toHaveLength(6);
});

test('the quota and the time-out of a scenario are those of its API IoT', async () => {
  const story = storyOf({ vehicles: [{ ...one, type: 'hang', attributes: { first: [3, 3] } }] });
  const { quotaLimit, quotaWindowMs, commandTimeoutMs } = {
    quotaLimit: 2,
    quotaWindowMs: 7_200_000,
    commandTimeoutMs: 60_000,
  };
  const constants = { ...story.constants, quotaLimit, quotaWindowMs, commandTimeoutMs };
  const { activations, checks } = await virtualReport({ ...story, constants });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  // Two commands of 0.6 s each, then the window of 72 s has to open for the third, and again for the fifth.
  expect(activations.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([['active', 4]]);
  expect(activations[0]?.tookMs).toBeGreaterThan(72_000);
  expect(activations[0]?.tookMs).toBeLessThan(80_000);
});

test('customers whose purchases are refused with 503 send them again, and each buys once', async () => {
  const scenario = scenarioSchema.parse({
    ...storyOf({}),
    constants: { purchasesMax: 1 },
    vehicles: { count: 6, models: [{ model: 'aurora-2026', weight: 1 }] },
    purchases: { count: 6, overMs: 0, services: [heatedSeats] },
    faults: {
      payments: [{ name: 'slow', type: 'slow', toxicity: 1, attributes: { latencyMs: 1_000, jitterMs: 0 } }],
    },
  });
  const { evidence } = await runScenarioVirtually({ scenario, seed: 1 });
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
  expect(evidence.answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201]);
  // One at a time: each was refused until the one before it had its payment.
  const instants = evidence.answers.map(({ at }) => at).sort((one, other) => one - other);
  const gaps = instants.slice(1).map((at, index) => at - (instants[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  expect(new Set(evidence.answers.map(({ purchaseId }) => purchaseId)).size).toBe(6);
});
