import { expect, it } from 'vitest';
import { ProblemError } from '../../../gateway/http/problem.ts';
import {
  purchaseAdmission,
  standardPurchasesMax as underWayMax,
  waitMaxMs,
} from '../../../gateway/platform/purchase-admission.ts';
import { savedWithinMs } from '../../../gateway/platform/purchase-limit.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

/** Work that ends when the test ends it. */
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
  const outcomes = Array.from({ length: 2 * underWayMax }, () => statusOf(admission.run(patient(), work)));
  const refused = Array.from({ length: 1_000 }, () => statusOf(admission.run(patient(), work)));
  expect(await Promise.all(refused)).toEqual(Array.from({ length: 1_000 }, () => [503, '1']));
  expect(begun()).toBe(underWayMax);
  endAll();
  await settle();
  expect(begun()).toBe(2 * underWayMax);
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

it('refuses before token and body only when a purchase would find no place to wait, and counts each refusal once', async () => {
  const clock = manualClock();
  const admission = purchaseAdmission({ clock, max: 2 });
  const { work, endAll } = heldWork();
  const outcomes = Array.from({ length: 3 }, () => statusOf(admission.run(patient(), work)));
  expect(() => admission.refuseWhenFull()).not.toThrow();
  const last = statusOf(admission.run(patient(), work));
  expect(() => admission.refuseWhenFull()).toThrow('Too many purchases are under way.');
  expect(await statusOf(admission.run(patient(), work))).toEqual([503, '1']);
  expect(await statusOf(admission.run(AbortSignal.abort(), work))).toEqual([503, null]);
  expect(admission.figures()).toEqual({
    underWay: 2,
    waiting: 2,
    places: 2,
    refused: { overload: 2, client_gone: 1 },
  });
  endAll();
  await settle();
  endAll();
  expect(await Promise.all([...outcomes, last])).toEqual(['done', 'done', 'done', 'done']);
  expect(admission.figures()).toMatchObject({ underWay: 0, waiting: 0 });
});

it('allows fewer purchases after one that was saved slowly, and more again while they are saved fast', async () => {
  const clock = manualClock();
  const admission = purchaseAdmission({ clock, max: 8 });
  const slow = admission.run(patient(), async (onSaved) => {
    await clock.advance(savedWithinMs + 1);
    onSaved();
  });
  await slow;
  expect(admission.figures().places).toBe(6);
  const rounds: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const { work, endAll } = heldWork();
    const outcomes = Array.from({ length: admission.figures().places }, () =>
      admission.run(patient(), (onSaved) => {
        onSaved();
        return work();
      }),
    );
    await settle();
    endAll();
    await Promise.all(outcomes);
    rounds.push(admission.figures().places);
  }
  expect(rounds).toEqual([6, 7, 8]);
});

it('does not count the time that the payment service takes', async () => {
  const clock = manualClock();
  const admission = purchaseAdmission({ clock, max: 8 });
  await admission.run(patient(), async (onSaved) => {
    onSaved();
    await clock.advance(10_000);
  });
  expect(admission.figures().places).toBe(8);
});

it('refuses at once while timers are late, but for the fewest under way, and without a request as well', async () => {
  let lagMs = 101;
  const admission = purchaseAdmission({ clock: manualClock(), eventLoop: { lagMs: () => lagMs } });
  const { work, begun, endAll } = heldWork();
  const outcomes = Array.from({ length: 10 }, () => statusOf(admission.run(patient(), work)));
  expect(await Promise.all(outcomes.slice(4))).toEqual(Array.from({ length: 6 }, () => [503, '1']));
  expect(begun()).toBe(4);
  const refusal = admission.refusal();
  expect([refusal?.problem.status, refusal?.headers]).toEqual([503, { 'retry-after': '1' }]);
  expect(admission.figures()).toMatchObject({ underWay: 4, waiting: 0, refused: { overload: 7 } });
  lagMs = 100;
  expect(admission.refusal()).toBe(null);
  endAll();
  expect(await Promise.all(outcomes.slice(0, 4))).toEqual(Array.from({ length: 4 }, () => 'done'));
});
