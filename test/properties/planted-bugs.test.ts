import { afterEach, describe, expect, test, vi } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import { sized } from '../helpers/proofs.ts';
import { sampleEvidence } from '../simulator/reports/sample.ts';
import { isReportedBy, type PlantedBug, plantedBugs, unplant } from './planted-bugs.ts';

/** `npm run test:proofs` runs all of them with three seeds; what takes more runs than this is left out of every day's tests. */
const isComplete = sized(false, true);
const runsEveryDay = 20;
const seeds = isComplete ? [1, 2, 3] : [1];
const runsMax = 1_000;

afterEach(unplant);

/** The first run that shows the bug, and by which rule. */
async function firstRun({ plant }: PlantedBug, seed: number, runs: number) {
  vi.resetModules();
  const overrides = plant() ?? {};
  const { checkTestCases } = await import('../../simulator/check/checking.ts');
  const { failures } = await checkTestCases({
    seed,
    runs,
    worker: 0,
    workers: 1,
    minutes: null,
    now: wallClock.now,
    overrides,
    makeSmall: false,
  });
  unplant();
  return failures[0] ?? null;
}

describe('The check finds a planted bug', () => {
  for (const bug of plantedBugs) {
    test.skipIf(!isComplete && bug.within > runsEveryDay)(
      `${bug.name}, within ${bug.within} runs`,
      { timeout: 1_200_000 },
      async () => {
        const found: number[] = [];
        for (const seed of seeds) {
          const failure = await firstRun(bug, seed, isComplete ? runsMax : bug.within);
          if (isComplete)
            console.log(
              `${failure?.run ?? 'none'} | seed ${seed} | ${bug.name} | ${failure?.rules.join('; ') ?? ''}`,
            );
          if (failure !== null && !isReportedBy(bug, failure.rules))
            throw new Error(
              `run ${failure.run} broke ${failure.rules.join(', ')}, and none of ${bug.rules.join(', ')}`,
            );
          found.push(failure?.run ?? Number.POSITIVE_INFINITY);
        }
        expect(Math.max(...found)).toBeLessThanOrEqual(isComplete ? runsMax : bug.within);
        const median = found.toSorted((left, right) => left - right)[Math.floor(found.length / 2)];
        expect(median).toBeLessThanOrEqual(bug.within);
      },
    );
  }
});

describe('A planted bug names the rules of which one must report it', () => {
  test('a run that breaks other rules only does not count', () => {
    const [bug] = plantedBugs;
    if (!bug) throw new Error('no bug is planted');
    const named = { ...bug, rules: ['rule 1', 'quota'] } as const;
    expect(
      isReportedBy(named, [
        'rule 10: No purchase, command, result, notification or event is lost between components',
        'legal transition',
      ]),
    ).toBe(false);
    expect(
      isReportedBy(named, ['legal transition', 'rule 1: No charge for an activation that was not delivered']),
    ).toBe(true);
    expect(isReportedBy(named, ['quota'])).toBe(true);
  });

  test('each of them is a rule of the checks or of the run itself', () => {
    const numbered = runChecks(sampleEvidence()).map(({ id }) => `rule ${id}`);
    const own = [
      'API IoT incidents',
      'configuration of the registered model',
      'legal transition',
      'quota',
      'service lifecycle',
      'ticket SLA and events',
      'valid saved state',
      'versions increase',
    ];
    const unknown = plantedBugs.flatMap(({ rules }) =>
      rules.filter((rule) => ![...numbered, ...own].includes(rule)),
    );
    expect(unknown).toEqual([]);
  });
});
