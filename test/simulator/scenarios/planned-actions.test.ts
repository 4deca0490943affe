import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';
import { virtualReport } from './virtual-run.ts';

const vins = [3, 4, 5, 6].map((digit) => `WFWAUR1E3TA00000${digit}`);

function reading(actions: readonly object[], expectations: readonly string[] = []) {
  const scenario = {
    name: 'actions',
    description: 'People act after their purchases.',
    times: 'scenario',
    timeScale: 100,
    telemetryEveryMs: '1 h',
    vehicles: { count: 4, list: vins.map((vin) => ({ vin, model: 'aurora-2026' })) },
    purchases: {
      items: vins.map((vin, index) => ({
        ...{ id: `p${index + 1}`, vin, service: 'heated-seats', duration: '1 month' },
      })),
    },
    faults: {
      list: [
        {
          name: 'refuses once',
          layer: 'vehicle',
          type: 'reject',
          attributes: { reason: 'control_unit_replaced', feature: null },
          target: { selector: { vins: [vins[3]] } },
          schedule: { first: 1 },
        },
      ],
    },
    actions,
    expectations,
  };
  return readScenarioFile(stringify(scenario), 'actions.yaml', shippedCatalogue().services());
}

test('customers cancel and renew, a vehicle is sold, and a technician retries, at the times that the scenario states', async () => {
  const read = reading(
    [
      { do: 'cancel', purchase: 'p1', atMs: '10 min' },
      { do: 'renew', purchase: 'p2', atMs: '20 min' },
      { do: 'transfer', purchase: 'p3', to: 'customer-0001', atMs: '30 min' },
      { do: 'cancel', purchase: 'p3', atMs: '35 min' },
      { do: 'ticket', purchase: 'p4', act: 'start', atMs: '40 min' },
      { do: 'ticket', purchase: 'p4', act: 'retry', atMs: '41 min' },
      { do: 'ticket', purchase: 'p2', act: 'start', atMs: '42 min' },
    ],
    [
      'p1 active, 14.90 EUR captured, 0 EUR refunded',
      'p2 active within 1 min, 1 attempt, 14.90 EUR captured',
      'p2-renewed active within 1 min, 0 attempts, 14.90 EUR captured',
      'p3 active',
      'p4 failed, 1 attempt, 14.90 EUR voided, 1 ticket',
    ],
  );
  if (!read.ok) throw new Error(read.mistakes.join('\n'));
  const { actions, checks, expectations, startedAt } = await virtualReport(read.scenario);
  expect(actions.map(({ do: what, purchase, status, problem }) => [what, purchase, status, problem])).toEqual(
    [
      ['cancel', 'p1', 200, null],
      ['renew', 'p2', null, null],
      ['transfer', 'p3', 200, null],
      ['cancel', 'p3', 409, 'not-cancellable'],
      ['ticket', 'p4', 200, null],
      ['ticket', 'p4', 200, null],
      ['ticket', 'p2', null, 'no-ticket'],
    ],
  );
  expect(Math.floor(((actions[0]?.at ?? 0) - startedAt) / 60_000)).toBe(10);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
});

test.each([
  [{ do: 'cancel', purchase: 'p9', atMs: 0 }, 'actions[0].purchase is "p9"; write one of p1, p2, p3, p4'],
  [
    { do: 'transfer', purchase: 'p1', to: 'customer-0005', atMs: 0 },
    'actions[0].to is "customer-0005"; write one of customer-0001 to customer-0004',
  ],
])('refuses %j with the place and the fix', (action, mistake) => {
  const read = reading([action]);
  expect(read.ok ? [] : read.mistakes.map((line) => line.replace(/^actions\.yaml:\d+:\d+: /, ''))).toEqual([
    mistake,
  ]);
});
