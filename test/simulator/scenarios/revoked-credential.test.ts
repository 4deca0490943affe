import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

test('150 purchases with a revoked credential are one incident, no ticket and no refund, and all active after it', async () => {
  const scenario = shippedScenario('expired-credentials');
  const { evidence } = await runScenarioVirtually({
    scenario: {
      ...scenario,
      vehicles: { ...scenario.vehicles, count: 150 },
      purchases: { ...scenario.purchases, count: 150 },
    },
    seed: 1,
  });
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
  const { record } = evidence.database;
  const count = (type: string) => record.filter((line) => line.type === type).length;
  expect([
    count('purchase.created'),
    count('activation.active'),
    count('incident.opened'),
    count('incident.closed'),
    count('ticket.opened'),
    count('payment.voided'),
    count('payment.refunded'),
  ]).toEqual([150, 150, 1, 1, 0, 0, 0]);
});
