import { beforeAll, expect, test } from 'vitest';
import type { ComponentFault } from '../../../simulator/faults/component-fault.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { program } from '../../chaos/gateway-process.ts';
import { chaosRun } from '../../chaos/run.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { sized } from '../../helpers/proofs.ts';

beforeAll(buildWhenOutdated);

/** What a scenario says of its end; how many attempts an outage takes depends on the machine. */
const isOfEnd = (text: string) => !text.startsWith('most attempts');

/** Each restarts processes of its own, so they run one after the other. */
const scenarios = [
  ['nats-wiped', 0],
  ['rolling-restart', 0],
  ['crash-before-saving', 4],
] as const;

test.each(scenarios.slice(0, sized(1, scenarios.length)))(
  'on real parts, %s comes out as it says, after %i killed processes',
  async (name, crashes) => {
    const shipped = shippedScenario(name);
    const scenario = { ...shipped, expectations: (shipped.expectations ?? []).filter(isOfEnd) };
    const { evidence, report } = await chaosRun({ scenario, seed: 1, program });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.expectations.length).toBeGreaterThan(0);
    expect(evidence.crashes).toBe(crashes);
  },
);

test.runIf(sized(false, true))(
  'on real parts, gateway-crash-loop comes out as it says, and its processes died',
  async () => {
    const scenario = shippedScenario('gateway-crash-loop');
    const { evidence, report } = await chaosRun({ scenario, seed: 1, program });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.expectations.filter(({ ok }) => !ok)).toEqual([]);
    // A process that takes longer to start than to the next crash dies while it starts.
    expect(evidence.crashes).toBeGreaterThan(3);
    expect(
      report.schedules.services.map(({ name, type, fromMs, toMs }) => [name, type, fromMs, toMs]),
    ).toEqual([
      ...Array.from({ length: 12 }, (_, index) => [
        ...['platform dies', 'gateway_crash', 300 + 500 * index, 500 + 500 * index],
      ]),
      ...[1_150, 2_850, 4_550].map((at) => ['API IoT dies', 'gateway_crash', at, at + 400]),
    ]);
  },
);

const lostAnswer = { name: 'answer lost', type: 'response_lost', toxicity: 1, schedule: { first: 1 } };
const dies: ComponentFault = {
  name: 'it',
  type: 'crash_at_call',
  attributes: { call: 'configure', nth: 1, phase: 'after', forMs: 100 },
};

test('faults of services meet a gateway in processes of its own, and are counted over its deaths', async () => {
  const scenario = scenarioSchema.parse({
    name: 'both',
    description: 'One car, a lost answer, and a platform that dies with the answer to its command.',
    timeScale: 100,
    slackMs: 60_000,
    vehicles: { count: 1, models: [{ model: 'aurora-2026', weight: 1 }] },
    purchases: { count: 1, overMs: 0 },
    faults: {
      payments: [{ ...lostAnswer, match: { method: 'POST', path: '/v1/payment_intents' }, attributes: {} }],
      apiIot: [{ ...lostAnswer, match: { method: 'POST', path: '/vehicle/*/configure' }, attributes: {} }],
      parts: [dies],
    },
  });
  const { evidence, report, broken } = await chaosRun({ scenario, seed: 1, program });
  expect(broken).toEqual([]);
  expect(report.outcomes).toMatchObject({ active: 1, failed: 0, pending: 0 });
  expect(evidence.crashes).toBe(1);
  expect([evidence.httpFaults.response_lost, evidence.paymentsFaults?.response_lost]).toEqual([1, 1]);
  expect(evidence.apiIot.length).toBe(1);
});
