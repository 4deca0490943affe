import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { agenda } from '../../../simulator/fleet/agenda.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

test.prop([fc.array(fc.record({ delayMs: fc.nat(50), cancelled: fc.boolean() }), { maxLength: 40 })])(
  'runs entries in the order in which they are due, on one timer',
  async (entries) => {
    const clock = manualClock(0);
    const due = agenda(clock);
    const ran: number[] = [];
    for (const [index, { delayMs, cancelled }] of entries.entries()) {
      const timer = due.after(delayMs, () => ran.push(index));
      if (cancelled) timer.cancel();
      expect(clock.pending().length).toBe(1);
    }
    await clock.advance(60);
    const expected = [...entries.entries()]
      .filter(([, entry]) => !entry.cancelled)
      .sort(([a, left], [b, right]) => left.delayMs - right.delayMs || a - b)
      .map(([index]) => index);
    expect(ran).toEqual(expected);
    expect(clock.pending()).toEqual([]);
  },
);

test('an entry may make another one, and clear forgets all', async () => {
  const clock = manualClock(0);
  const due = agenda(clock);
  const ran: number[] = [];
  const again = () => {
    ran.push(clock.now());
    due.after(10, again);
  };
  due.after(10, again);
  await clock.advance(35);
  due.clear();
  await clock.advance(100);
  expect(ran).toEqual([10, 20, 30]);
  expect(clock.pending()).toEqual([]);
});
