import { describe, expect, test } from 'vitest';
import { shippedScenario } from '../../../simulator/scenarios/library.ts';
import { chaosRun } from '../../chaos/run.ts';

/**
 * Scenarios of the library on real parts. They wait more than they work, so they run side by side. None expects an event
 * within a few seconds, which a busy machine may miss.
 */
const told = [
  'acknowledgement-lost-on-last-attempt',
  'answer-lost-after-acting',
  'declined-cards',
  'expired-credentials',
  'feature-lost-after-workshop',
  'incompatible-models',
  'mail-and-push-down',
  'refunds-refused',
  'tunnel-while-applying',
  'twenty-minutes-away',
  'wedged-vehicles',
];

describe.concurrent('on real parts, the scenario', () => {
  test.each(told)('%s comes out as it says', async (name) => {
    const { report } = await chaosRun({ scenario: shippedScenario(name), seed: 1 });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ok).toBe(true);
  });
});
