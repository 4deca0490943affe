import { expect, it } from 'vitest';
import { lagWindowMs, longTurnMs, lookEveryMs, turnCounter } from '../../../shared/live/event-loop.ts';

it('counts turns of more than 50 ms, and tells how long each was', () => {
  const counter = turnCounter(1_000);
  const turns: number[] = [];
  counter.onLongTurn((ms) => turns.push(ms));
  let at = 1_000;
  for (const turnMs of [0, 1, longTurnMs, longTurnMs + 1, 0, 700]) {
    at += lookEveryMs + turnMs;
    counter.look(at);
  }
  expect(turns).toEqual([51, 700]);
  expect(counter.busyMs(at)).toBe(751);
});

it('counts the turn that lasts, before a look has ended it, and once', () => {
  const counter = turnCounter(0);
  counter.look(lookEveryMs);
  expect(counter.busyMs(2 * lookEveryMs + 400)).toBe(400);
  counter.look(2 * lookEveryMs + 400);
  expect(counter.busyMs(2 * lookEveryMs + 410)).toBe(400);
});

it('tells nothing to a listener that has ended', () => {
  const counter = turnCounter(0);
  const turns: number[] = [];
  counter.onLongTurn((ms) => turns.push(ms))();
  counter.look(lookEveryMs + 500);
  expect(turns).toEqual([]);
});

it('knows how late a timer was, for one window and the next, and how late the one is that is due', () => {
  const counter = turnCounter(0);
  counter.look(lookEveryMs + 130);
  expect(counter.lagMs(lookEveryMs + 130)).toBe(130);
  let at = lookEveryMs + 130;
  const calm = (untilAt: number) => {
    for (; at + lookEveryMs <= untilAt; at += lookEveryMs) counter.look(at + lookEveryMs);
  };
  calm(2 * lagWindowMs - lookEveryMs);
  expect(counter.lagMs(at)).toBe(130);
  calm(3 * lagWindowMs + lookEveryMs);
  expect(counter.lagMs(at)).toBe(0);
  expect(counter.lagMs(at + lookEveryMs + 400)).toBe(400);
});
