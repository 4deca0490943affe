import { expect, test } from 'vitest';
import { calmTestCase } from '../../simulator/check/test-case.ts';
import { isClean, runTestCase } from '../../simulator/check/test-case-run.ts';

test('one purchase becomes active at its first attempt, and the second run has the same trace', async () => {
  const schedule = calmTestCase([{}]);
  const first = await runTestCase(schedule);
  const second = await runTestCase(schedule, { drainDepth: 4 });
  expect(first.violations).toEqual([]);
  expect(first.verdicts.filter((verdict) => !verdict.ok)).toEqual([]);
  expect(isClean(first)).toBe(true);
  expect(first.moves.at(-1)?.after).toMatchObject({ phase: 'active', settlement: { status: 'captured' } });
  expect(first.moves.at(-1)?.after.attempts).toHaveLength(1);
  expect(second.traceHash).toBe(first.traceHash);
});
