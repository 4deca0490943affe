import { expect, test } from 'vitest';
import { liveRefusals } from '../../../simulator/scenarios/live-refusals.ts';
import { scenarioSchema } from '../../../simulator/scenarios/scenario.ts';

const { faults } = scenarioSchema.parse({
  name: 'all',
  description: 'Every component fault.',
  timeScale: 1,
  vehicles: { count: 1 },
  purchases: { count: 1, overMs: 0 },
  faults: {
    parts: [
      { name: 'a', type: 'nats_down', schedule: { afterMs: 0 }, attributes: { forMs: 1 } },
      { name: 'b', type: 'nats_wiped', schedule: { afterMs: 0 }, attributes: {} },
      {
        name: 'c',
        type: 'broker_restart',
        schedule: { afterMs: 0 },
        attributes: { forMs: 1, keepsSessions: true },
      },
      {
        name: 'd',
        type: 'gateway_crash',
        schedule: { afterMs: 0 },
        attributes: { process: 'platform', forMs: 1 },
      },
      { name: 'e', type: 'crash_at_step', attributes: { process: 'api-iot', step: 1, forMs: 1 } },
    ],
  },
});

test.each([
  [{ hasForeignNats: false, hasForeignGateway: false }, [4]],
  [{ hasForeignNats: true, hasForeignGateway: false }, [0, 1, 4]],
  [{ hasForeignNats: false, hasForeignGateway: true }, [0, 1, 2, 3, 4]],
])('a live run with %j refuses the component faults %j', (foreign, refused) => {
  expect(liveRefusals({ faults }, foreign).map(({ path }) => path[2])).toEqual(refused);
});

test('refuses actions of customers and technicians against an engine of the user', () => {
  const scenario = {
    faults: {},
    actions: [{ do: 'cancel', purchase: 'p1', atMs: 0 }],
  } as unknown as Parameters<typeof liveRefusals>[0];
  expect(liveRefusals(scenario, { hasForeignNats: false, hasForeignGateway: false })).toEqual([]);
  expect(liveRefusals(scenario, { hasForeignNats: false, hasForeignGateway: true })).toEqual([
    {
      path: ['actions'],
      text: 'is what customers and technicians do at the platform, which an engine of your own has not; leave it out, or leave out --target',
      isKey: true,
    },
  ]);
});
