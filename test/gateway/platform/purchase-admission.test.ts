import { expect, it } from 'vitest';
import { ProblemError } from '../../../gateway/http/problem.ts';
import {
  purchaseAdmission,
  underWayMax,
  waitingMax,
  waitMaxMs,
} from '../../../gateway/platform/purchase-admission.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

/** Work that ends when it is told to. */
function heldWork() {
  const ends: (() => void)[] = [];
  let begun = 0;
  return {
    work: () =>
      new Promise<string>((resolve) => {
        begun += 1;
        ends.push(() => resolve('done'));
      }),
    begun: () => begun,
    endOne: () => ends.shift()?.(),
    endAll: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}

const statusOf = (outcome: Promise<string>) =>
  outcome.catch((error: unknown) =>
    error instanceof ProblemError ? [error.problem.status, error.headers['retry-after'] ?? null] : error,
  );

const patient = () => new AbortController().signal;

it('begins as many as may be under way, lets as many wait, and refuses the rest at once', async () => {
  const admission = purchaseAdmission({ clock: manualClock() });
  const { work, begun, endAll } = heldWork();
  const outcomes = Array.from({ length: underWayMax + waitingMax }, () =>
    statusOf(admission.run(patient(), work)),
  );
  const refused = Array.from({ length: 1_000 }, () => statusOf(admission.run(patient(), work)));
  expect(await Promise.all(refused)).toEqual(Array.from({ length: 1_000 }, () => [503, '1']));
  expect(begun()).toBe(underWayMax);
  endAll();
  await settle();
  expect(begun()).toBe(underWayMax + waitingMax);
  endAll();
  expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'done'));
});

it('refuses what has waited 80 ms, and begins it never', async () => {
  const clock = manualClock();
  const admission = purchaseAdmission({ clock });
  const { work, begun, endAll } = heldWork();
  const first = Array.from({ length: underWayMax }, () => admission.run(patient(), work));
  const late = statusOf(admission.run(patient(), work));
  await clock.advance(waitMaxMs - 1);
  const later = admission.run(patient(), work);
  await clock.advance(1);
  expect(await late).toEqual([503, '1']);
  endAll();
  await settle();
  expect(begun()).toBe(underWayMax + 1);
  endAll();
  expect(await Promise.all([...first, later])).toEqual(Array.from({ length: underWayMax + 1 }, () => 'done'));
  expect(clock.pending()).toEqual([]);
});

it('begins nothing for a client that has gone, before or while it waited, and gives its place to the next', async () => {
  const clock = manualClock();
  const admission = purchaseAdmission({ clock });
  const { work, begun, endOne, endAll } = heldWork();
  expect(await statusOf(admission.run(AbortSignal.abort(), work))).toEqual([503, null]);
  expect(begun()).toBe(0);
  const first = Array.from({ length: underWayMax }, () => admission.run(patient(), work));
  const client = new AbortController();
  const gone = statusOf(admission.run(client.signal, work));
  const next = admission.run(patient(), work);
  client.abort();
  expect(await gone).toEqual([503, null]);
  endOne();
  await settle();
  expect(begun()).toBe(underWayMax + 1);
  endAll();
  expect(await Promise.all([...first, next])).toEqual(Array.from({ length: underWayMax + 1 }, () => 'done'));
  expect(clock.pending()).toEqual([]);
});

it('frees the place of work that failed', async () => {
  const admission = purchaseAdmission({ clock: manualClock() });
  for (let count = 0; count < underWayMax * 2; count += 1) {
    await expect(admission.run(patient(), () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
  }
  expect(await admission.run(patient(), async () => 'done')).toBe('done');
});
