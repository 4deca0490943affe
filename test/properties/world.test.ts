import { expect, test } from 'vitest';
import { calmSchedule } from '../../simulator/world/schedule.ts';
import { isClean, runWorld } from '../../simulator/world/world.ts';

test('one purchase becomes active at its first attempt, and the second run has the same trace', async () => {
  const schedule = calmSchedule([{}]);
  const first = await runWorld(schedule);
  const second = await runWorld(schedule, { drainDepth: 4 });
  expect(first.violations).toEqual([]);
  expect(first.verdicts.filter((verdict) => !verdict.ok)).toEqual([]);
  expect(isClean(first)).toBe(true);
  expect(first.moves.at(-1)?.after).toMatchObject({ phase: 'active', settlement: { status: 'captured' } });
  expect(first.moves.at(-1)?.after.attempts).toHaveLength(1);
  expect(second.traceHash).toBe(first.traceHash);
});
