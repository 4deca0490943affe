import { expect, it } from 'vitest';
import { isOwnerGone, ownerName } from '../../../gateway/api-iot/process-owner.ts';
import { processSpace } from '../../../shared/live/processes.ts';

const here = { host: 'iot host', pid: 1, space: 'a1' };

it('knows that a process has ended by its number, in its own container alone', () => {
  const isRunning = (pid: number) => pid === 7;
  const isGone = (place: Partial<typeof here>) =>
    isOwnerGone(ownerName({ ...here, ...place }), here, isRunning);
  expect(isGone({ pid: 8 })).toBe(true);
  expect(isGone({ pid: 7 })).toBe(false);
  // This process itself: what it finds is of one before it.
  expect(isGone({})).toBe(true);
  expect(isGone({ space: 'b2' })).toBe(false);
  expect(isGone({ space: 'b2', pid: 8 })).toBe(false);
  expect(isGone({ host: 'other', pid: 8 })).toBe(false);
  expect(isOwnerGone('iot host 8', here, isRunning)).toBe(false);
});

it('names the numbering of processes by one word, the same each time', () => {
  expect(processSpace()).toMatch(/^\S+$/);
  expect(processSpace()).toBe(processSpace());
});
