import { shippedScenario } from '../../simulator/scenarios/library.ts';
import type { Scenario } from '../../simulator/scenarios/scenario.ts';

const defaultScenario = shippedScenario('default');

/** A small fleet on a bad day, for runs in which processes die. The kills are the faults of the API IoT here. */
export function chaosScenario(size: { vehicles: number; purchases: number; overMs: number }): Scenario {
  const { vehicles, purchases, overMs } = size;
  return {
    ...defaultScenario,
    name: 'chaos',
    description: 'A small fleet; processes die in the middle.',
    // Claims of killed processes expire after 10 s at most (a claimed notification), and there are several of them.
    slackMs: 60_000,
    vehicles: { ...defaultScenario.vehicles, count: vehicles },
    customers: { ...defaultScenario.customers, count: Math.ceil(vehicles * 0.8) },
    purchases: {
      ...defaultScenario.purchases,
      count: purchases,
      overMs,
      // Three on one vehicle run into its quota, and a window of it lasts longer than all the rest.
      perVehicleMax: 2,
      unsupported: Math.round(purchases / 12),
      declined: 3,
      preDelivery: 4,
    },
    faults: {
      apiIot: [],
      vehicles: [
        {
          name: 'in a garage',
          type: 'offline',
          mode: 'fixed',
          value: 5,
          attributes: { afterMs: [0, 5_000], forMs: [2_000, 6_000] },
        },
        {
          name: 'results lost',
          type: 'lose_result',
          mode: 'fixed',
          value: 4,
          attributes: { first: [1, 2], withStatus: false },
        },
        {
          name: 'control unit busy',
          type: 'ecu_busy',
          mode: 'fixed',
          value: 3,
          attributes: { first: [1, 3], feature: null },
        },
        {
          name: 'control unit refuses',
          type: 'reject',
          mode: 'fixed',
          value: 4,
          attributes: { reason: 'unsupported_hardware', feature: null },
        },
      ],
    },
  };
}
