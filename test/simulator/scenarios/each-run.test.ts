import { expect, test } from 'vitest';
import { eachRun } from '../../../simulator/cli/run.ts';

/** Runs numbers; a negative one cannot be run. Returns the passed reports and the result. */
async function told(jobs: readonly number[]) {
  const heard: (readonly string[])[] = [];
  const runOne = async (job: number) => {
    if (job < 0) throw new Error('it cannot be run');
    return `report ${job}`;
  };
  const tell = async (reports: readonly string[]) => {
    heard.push([...reports]);
  };
  const ended = await eachRun(jobs, runOne, tell).catch((error: Error) => error.message);
  return { heard, ended };
}

test('all reports are passed on at the end', async () => {
  expect(await told([1, 2])).toEqual({ heard: [['report 1', 'report 2']], ended: ['report 1', 'report 2'] });
});

test('reports before a run that cannot finish are passed on, and none if there are none', async () => {
  expect(await told([1, 2, -1, 4])).toEqual({ heard: [['report 1', 'report 2']], ended: 'it cannot be run' });
  expect(await told([-1])).toEqual({ heard: [], ended: 'it cannot be run' });
});
