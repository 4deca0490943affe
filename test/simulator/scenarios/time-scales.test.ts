import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { judgeRun } from '../../../simulator/reports/judge-run.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { planScenario } from '../../../simulator/scenarios/plan.ts';
import type { Scenario } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

const shipped = shippedScenario('twenty-minutes-away');
/** One that holds of this scenario, and one that does not. */
const extra = ['p95 time to active < 30 min', 'p95 time to active < 5 min'];
const scenario: Scenario = { ...shipped, expectations: [...(shipped.expectations ?? []), ...extra] };

async function reportAt(timeScale?: number) {
  const { evidence } = await runScenarioVirtually({
    scenario,
    seed: 1,
    ...(timeScale === undefined ? {} : { timeScale }),
  });
  return judgeRun(evidence, { world: 'virtual' });
}

test.each([1, 10, 100, 400, undefined])(
  'one file has the same verdict at time scale %s (undefined: uncompressed, as in virtual time)',
  async (timeScale) => {
    const { checks, expectations, timeScale: ran } = await reportAt(timeScale);
    expect(ran).toBe(timeScale ?? 1);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(expectations.map(({ text, ok }) => [text, ok])).toEqual([
      ...(shipped.expectations ?? []).map((text) => [text, true]),
      ['p95 time to active < 30 min', true],
      ['p95 time to active < 5 min', false],
    ]);
  },
);

test('in virtual time the time scale of a file with its own times changes no byte of the evidence', async () => {
  const evidenceAt = async (timeScale: number) =>
    JSON.stringify((await runScenarioVirtually({ scenario: { ...scenario, timeScale }, seed: 1 })).evidence);
  expect(await evidenceAt(400)).toBe(await evidenceAt(1));
});

test('a vehicle takes its 150 ms in the time of the scenario', async () => {
  const applied = async (timeScale: number) => {
    const { timeToActiveMs } = await reportAt(timeScale);
    return (timeToActiveMs.p50 ?? 0) * timeScale;
  };
  // Messages take 1 to 4 ms of the run at every scale, which are up to 1.6 s of the scenario at 400.
  expect(await applied(1)).toBeLessThan(300);
  expect(await applied(400)).toBeLessThan(20_000);
});

test('a live run has the times of the file divided by its time scale, but for what only the machine needs', () => {
  const at = (timeScale: number) => planScenario({ ...scenario, timeScale, slackMs: 7_000 }, 1, seededRandom);
  const [real, compressed] = [at(1), at(100)];
  // The seed draws from a hundredth of the moments: each is that of the uncompressed plan, to a hundredth.
  expect(compressed.purchases.map(({ id }) => id)).toEqual(real.purchases.map(({ id }) => id));
  const differences = compressed.purchases.map(({ atMs }, index) =>
    Math.abs(atMs * 100 - (real.purchases[index]?.atMs ?? 0)),
  );
  expect(Math.max(...differences)).toBeLessThanOrEqual(100);
  expect(compressed.purchases.find(({ id }) => id === 'p1')?.atMs).toBe(1_200);
  const fault = compressed.vehicles.flatMap(({ faults }) => faults)[0];
  expect(fault).toMatchObject({ type: 'offline', schedule: { afterMs: 0, forMs: 12_000 } });
  expect([real.telemetryEveryMs, compressed.telemetryEveryMs]).toEqual([300_000, 3_000]);
  expect([real.slackMs, compressed.slackMs]).toEqual([7_000, 7_000]);
  expect([real.faultsEndAfterMs, compressed.faultsEndAfterMs]).toEqual([300_000, 3_000]);
});
