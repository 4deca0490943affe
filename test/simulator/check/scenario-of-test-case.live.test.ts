import { afterEach, expect, test, vi } from 'vitest';
import { plantedBugs, unplant } from '../../properties/planted-bugs.ts';

afterEach(unplant);

/** Modules as they are with a planted bug, or without one. The gateway of a live run without component faults is in this process. */
async function loaded(name: string | null) {
  vi.resetModules();
  plantedBugs.find((bug) => bug.name === name)?.plant();
  const { brokenRules } = await import('../../../simulator/check/judge.ts');
  const { runTestCase } = await import('../../../simulator/check/test-case-run.ts');
  const { calmTestCase } = await import('../../../simulator/check/test-case.ts');
  const { scenarioOf } = await import('../../../simulator/check/scenario-of-test-case.ts');
  const { shippedCatalogue } = await import('../../../simulator/virtual-system/shipped-files.ts');
  const { readScenarioFile } = await import('../../../simulator/scenarios/scenario-file.ts');
  const { chaosRun } = await import('../../chaos/run.ts');
  const catalogue = shippedCatalogue();
  const testCase = {
    ...calmTestCase([{ faults: [{ type: 'result', nth: 1, kind: 'fatal' }] }]),
    policy: { maxRetries: 1, baseDelayMs: 2_000, maxDelayMs: 3_000, commandTimeoutMs: 30_000 },
  } as const;
  return {
    rulesOfTestCase: async () =>
      brokenRules(await runTestCase(testCase)).flatMap((rule) => /^rule \d+/.exec(rule) ?? []),
    async rulesLive() {
      const written = scenarioOf(testCase, 'a failure', catalogue);
      if (!written.ok) throw new Error(written.reasons.join('\n'));
      const reading = readScenarioFile(written.text, 'out.yaml', catalogue.services());
      if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
      const { broken } = await chaosRun({ scenario: reading.scenario, seed: 1 });
      return broken.map(({ id }) => `rule ${id}`);
    },
  };
}

test('a failing test case, saved as a scenario, breaks the same rule on real parts', async () => {
  const { rulesOfTestCase, rulesLive } = await loaded('a permanent rejection is retried');
  expect(await rulesOfTestCase()).toEqual(['rule 6']);
  expect(await rulesLive()).toContain('rule 6');
});

test('the same scenario breaks no rule on real parts without the bug', async () => {
  const { rulesOfTestCase, rulesLive } = await loaded(null);
  expect([await rulesOfTestCase(), await rulesLive()]).toEqual([[], []]);
});
