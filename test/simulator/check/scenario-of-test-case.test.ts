import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ActivationFault, TestCase } from '../../../simulator/check/test-case.ts';
import { type PlantedBug, plantedBugs, unplant } from '../../properties/planted-bugs.ts';

afterEach(unplant);

const brisk = { maxRetries: 1, baseDelayMs: 20_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

function bugNamed(name: string): PlantedBug {
  const bug = plantedBugs.find((one) => one.name === name);
  if (!bug) throw new Error(`there is no planted bug ${name}`);
  return bug;
}

/** Modules as they are with the bug, or without one. */
async function loaded(bug: PlantedBug | null) {
  vi.resetModules();
  bug?.plant();
  const { brokenRules } = await import('../../../simulator/check/judge.ts');
  const { runTestCase } = await import('../../../simulator/check/test-case-run.ts');
  const { calmTestCase } = await import('../../../simulator/check/test-case.ts');
  const { scenarioOf } = await import('../../../simulator/check/scenario-of-test-case.ts');
  const { shippedCatalogue } = await import('../../../simulator/virtual-system/shipped-files.ts');
  const { readScenarioFile } = await import('../../../simulator/scenarios/scenario-file.ts');
  const { runScenarioVirtually } = await import('../../../simulator/virtual-system/scenario-run.ts');
  const { runChecks } = await import('../../../simulator/reports/checks/all.ts');
  const services = shippedCatalogue().services();
  return {
    testCaseWith: (faults: ActivationFault[], more: Partial<TestCase> = {}): TestCase => ({
      ...calmTestCase([{ faults }]),
      policy: brisk,
      ...more,
    }),
    rulesOfTestCase: async (testCase: TestCase) =>
      brokenRules(await runTestCase(testCase)).flatMap((rule) => /^rule \d+/.exec(rule) ?? []),
    textOf: (testCase: TestCase) => scenarioOf(testCase, 'a failure', shippedCatalogue()),
    async rulesOfScenario(text: string) {
      const reading = readScenarioFile(text, 'out.yaml', services);
      if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
      const { evidence } = await runScenarioVirtually({ scenario: reading.scenario, seed: 1 });
      return runChecks(evidence).flatMap(({ ok, id }) => (ok ? [] : [`rule ${id}`]));
    },
  };
}

const lostCommand: ActivationFault = { type: 'message', channel: 'command', nth: 1, how: 'drop', delayMs: 1 };
const noAnswers: ActivationFault = { type: 'mute', what: 'answer', from: 1, to: 64 };

const cases: readonly [string, ActivationFault[], string][] = [
  ['back-off halved', [lostCommand], 'rule 6'],
  ['no revocation after a failure', [noAnswers], 'rule 5'],
];

describe('A failing test case, saved as a scenario', () => {
  test.each(cases)('shows the same broken rule when run: %s', async (name, faults, rule) => {
    const { testCaseWith, textOf, rulesOfTestCase, rulesOfScenario } = await loaded(bugNamed(name));
    const testCase = testCaseWith(faults);
    expect(await rulesOfTestCase(testCase)).toContain(rule);
    const written = textOf(testCase);
    if (!written.ok) throw new Error(written.reasons.join('\n'));
    expect(await rulesOfScenario(written.text)).toContain(rule);
  });

  test('breaks no rule without the bug', async () => {
    const { testCaseWith, textOf, rulesOfScenario } = await loaded(null);
    const all: readonly [ActivationFault[], Partial<TestCase>][] = [
      [[lostCommand], {}],
      [[noAnswers], {}],
      [
        [
          { type: 'mute', what: 'command', from: 1, to: 1 },
          { type: 'late', delayMs: 200_000 },
        ],
        {},
      ],
      [[{ type: 'message', channel: 'ack', nth: 1, how: 'duplicate', delayMs: 40 }], {}],
      [[{ type: 'result', nth: 1, kind: 'fatal' }], {}],
      [[{ type: 'http', step: 'authorise', nth: 1, count: 2, how: 'request_lost' }], {}],
      [[{ type: 'http', step: 'configure', nth: 1, count: 1, how: 'response_lost' }], {}],
      [[{ type: 'message', channel: 'ack', nth: 1, how: 'delay', delayMs: 35_000 }], {}],
      [[{ type: 'http', step: 'callback', nth: 1, count: 1, how: 'request_lost' }], {}],
      [[{ type: 'http', step: 'email', nth: 1, count: 1, how: 'response_lost' }], {}],
      [[], { world: [{ type: 'cut', vehicle: 0, fromMs: 0, forMs: 20_000 }] }],
      [[], { world: [{ type: 'restart', vehicle: 0, atMs: 300 }] }],
      [
        [],
        { world: [{ type: 'lossy', vehicle: 0, lossRate: 0.4, roundTripMs: 100, fromMs: 0, forMs: 60_000 }] },
      ],
      [[], { world: [{ type: 'api_iot_fails', cause: 'credentials', fromMs: 0, forMs: 60_000 }] }],
      [[], { world: [{ type: 'down', service: 'api_iot', fromMs: 0, forMs: 20_000 }] }],
      [[], { world: [{ type: 'crash_at', call: 'capture', nth: 1, phase: 'after', downMs: 3_000 }] }],
    ];
    for (const [faults, more] of all) {
      const written = textOf(testCaseWith(faults, more));
      if (!written.ok) throw new Error(written.reasons.join('\n'));
      expect([faults, more, await rulesOfScenario(written.text)]).toEqual([faults, more, []]);
    }
  });

  test('is refused with every reason where a scenario cannot have it', async () => {
    const { testCaseWith, textOf } = await loaded(null);
    const world: TestCase['world'] = [
      { type: 'registered_again', vehicle: 0, model: 'cirrus-2025', atMs: 0 },
      { type: 'clock_set', process: 'platform', aheadMs: 7_200_000, atMs: 0, forMs: 1_000 },
    ];
    expect(textOf(testCaseWith([], { world, skewMs: { apiIot: 5, vehicles: [0, 0, 0, 0] } }))).toEqual({
      ok: false,
      reasons: [
        'a scenario cannot set the clock of the API IoT wrong (skewMs.apiIot)',
        'a scenario cannot set the clock of a machine (clock_set)',
        'a vehicle of a scenario keeps its model (registered_again)',
      ],
    });
  });
});
