import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

const story = shippedScenario('feature-lost-after-workshop');

test('a run with reconciliation reactivates a feature lost in a workshop: one command, no payment, no notification', async () => {
  const { evidence } = await runScenarioVirtually({ scenario: story, seed: 1 });
  const { plan, database, startedAt, apiIot, ledger } = evidence;
  const lost = plan.vehicles.filter(({ faults }) => faults.length > 0).map(({ vin }) => vin);
  const createdActivations = database.record.filter(({ type }) => type === 'reconciliation.reactivation');
  const brought = database.activations.filter(({ id }) =>
    createdActivations.some((row) => row.activation_id === id),
  );
  expect(brought.map(({ vin }) => vin).toSorted()).toEqual(lost.toSorted());
  expect(brought.map(({ phase, settlement }) => [phase, settlement])).toEqual(
    Array.from({ length: 4 }, () => ['active', null]),
  );
  // A quarter of an hour at 100 times: within one pass of 9 s after the loss at 20 s.
  for (const { requested_at } of brought) {
    expect(requested_at - startedAt).toBeGreaterThanOrEqual(20_000);
    expect(requested_at - startedAt).toBeLessThan(20_000 + 9_000 + 500);
  }
  const ids = new Set(brought.map(({ id }) => id));
  expect(apiIot.filter(({ reference }) => ids.has(reference)).map(({ state }) => state)).toEqual(
    Array.from({ length: 4 }, () => 'applied'),
  );
  expect(ledger.filter(({ activationId }) => ids.has(activationId))).toEqual([]);
  expect(database.notices.filter((notice) => ids.has(notice.activation_id))).toEqual([]);
  expect(evidence.mails).toHaveLength(8 * 3);
  expect(database.tickets).toEqual([]);
});

test('a vehicle that loses its feature again and again gets a ticket after three reactivations, and no further command', async () => {
  const [loss] = story.faults.list ?? [];
  if (!loss) throw new Error('the scenario has no fault');
  const list = [8_000, 26_000, 44_000, 62_000, 80_000, 98_000].map((afterMs, index) => ({
    ...loss,
    name: `loss ${index + 1}`,
    target: { ...loss.target, mode: 'fixed' as const, value: 1 },
    schedule: { afterMs },
  }));
  const vehicles = { ...story.vehicles, count: 1 };
  const purchases = { ...story.purchases, count: 1 };
  const scenario = { ...story, vehicles, purchases, faults: { ...story.faults, list } } as typeof story;
  const { evidence } = await runScenarioVirtually({ scenario, seed: 1 });
  const { database, apiIot, ledger } = evidence;
  const brought = database.record.filter(({ type }) => type === 'reconciliation.reactivation');
  expect(brought).toHaveLength(3);
  expect(apiIot.map(({ state }) => state)).toEqual(['applied', 'applied', 'applied', 'applied']);
  expect(database.tickets.map(({ priority, status }) => [priority, status])).toEqual([['HIGH', 'open']]);
  expect(ledger.map(({ kind }) => kind)).toEqual(['authorised', 'captured']);
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
});

test.each([
  ['nothing', {}],
  ['0', { reconcileEveryMs: 0 }],
])('a scenario with %s of reconciliation leaves them dormant, and rule 4 reports each', async (_, said) => {
  const { reconcileEveryMs: __, ...rest } = story.constants;
  // Before the run is over, which then waits for no comparison.
  const list = story.faults.list?.map(
    (fault) => ({ ...fault, schedule: { afterMs: 2_500 } }) as typeof fault,
  );
  const scenario = { ...story, constants: { ...rest, ...said }, faults: { ...story.faults, list } };
  const { evidence } = await runScenarioVirtually({ scenario, seed: 1 });
  const broken = runChecks(evidence).filter(({ ok }) => !ok);
  expect(broken.map(({ id, violations }) => [id, violations.length])).toEqual([[4, 4]]);
  expect(broken[0]?.violations[0]).toMatch(/^act_\w+: active, but heated_seats is dormant on [A-Z0-9]{17}$/);
});
