import { describe, expect, test } from 'vitest';
import {
  accepted,
  applied,
  authorised,
  checked,
  diagnosed,
  failed,
  failUntilItEnds,
  limited,
  lines,
  lostOnTheWay,
  play,
  postponed,
  purchase,
  ready,
  second,
  started,
  startsOf,
  verdictOf,
} from '../../helpers/activation-events.ts';

describe('the deadline', () => {
  test('counts from the request: by default a day', () => {
    expect(purchase().deadlineAt).toBe(86_400 * second);
    expect(purchase('on_delivery', { deadlineMs: null }).deadlineAt).toBeNull();
  });

  test('lets an attempt start at its very moment, and none after it', () => {
    const waiting = ready('activation', { deadlineMs: 100 * second });
    expect(play(waiting, [started(100 * second)]).activation.phase).toBe('sending_command');
    const { activation, facts } = play(waiting, [started(100 * second + 1)]);
    expect(facts.map((fact) => fact.type)).toEqual([
      'activation.failure',
      'activation.querying_vehicle_state',
    ]);
    expect(activation.failure).toEqual({
      category: 'deadline_exceeded',
      code: 'deadline_exceeded',
      message: "not delivered before the activation's deadline (100000)",
      temporary: false,
      mayHaveSucceeded: false,
    });
  });

  test('ends the retries when the next would start after it', () => {
    const { activation } = failUntilItEnds(ready('activation', { deadlineMs: 209 * second }), lostOnTheWay);
    expect(startsOf(activation)).toEqual([0, 30, 90]);
    expect(activation).toMatchObject({
      phase: 'querying_vehicle_state',
      failure: { category: 'deadline_exceeded', mayHaveSucceeded: true },
    });
    expect(activation.failure?.message).toContain('last: the connection was reset');
    expect(play(activation, [diagnosed(90 * second)]).activation.revocationOwed).toBe(true);
  });

  test('ends a wait for a busy vehicle', () => {
    const waiting = ready('activation', { deadlineMs: 20 * second });
    expect(play(waiting, [postponed(20 * second + 1)]).activation.phase).toBe('querying_vehicle_state');
  });
});

describe('a hold that lapses', () => {
  /** Ten minutes before it lapses the last attempt may start. */
  const margin = 600 * second;

  test('before the first attempt fails the activation with no attempt, and is voided', () => {
    const { activation } = play(purchase(), [
      authorised(0, 60 * second + margin),
      checked(1),
      started(60 * second + 1),
    ]);
    expect(activation).toMatchObject({
      phase: 'querying_vehicle_state',
      attempts: [],
      deadlineAt: 60 * second,
      failure: { category: 'deadline_exceeded' },
    });
    expect(play(activation, [diagnosed(61 * second)]).activation.settlement?.status).toBe('voiding');
  });

  test('brings the deadline forward and never back', () => {
    expect(play(purchase(), [authorised(0, 7 * 86_400 * second)]).activation.deadlineAt).toBe(
      86_400 * second,
    );
    const noDeadline = purchase('on_delivery', { deadlineMs: null });
    expect(play(noDeadline, [authorised(0, 500 + margin)]).activation.deadlineAt).toBe(500);
    expect(play(noDeadline, [authorised(0)]).activation.deadlineAt).toBeNull();
  });

  test('says nothing where the money was taken at once', () => {
    expect(play(purchase('immediately'), [authorised(0, 500)]).activation.deadlineAt).toBe(86_400 * second);
  });
});

describe('postponed', () => {
  test('by a busy vehicle costs no retry, waits like one, and shows once in the record', () => {
    let current = ready();
    const waits: number[] = [];
    const seen: string[] = [];
    for (let look = 0; look < 7; look += 1) {
      const at = current.dueAt ?? 0;
      const { activation, facts } = play(current, [postponed(at)]);
      waits.push(((activation.dueAt ?? 0) - at) / second);
      seen.push(...lines(facts));
      current = activation;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
    expect(seen).toEqual(['0s activation.postponed']);
    expect(current).toMatchObject({ phase: 'queued_for_activation', attempts: [], postponed: 7 });
  });

  test('does not wait past the deadline: at the first moment after it the activation ends', () => {
    const deadlineMs = 100 * second;
    const { activation } = play(ready('activation', { deadlineMs }), [
      ...[postponed(0), postponed(30 * second), postponed(90 * second)],
    ]);
    expect(activation.dueAt).toBe(deadlineMs + 1);
    const ended = play(activation, [postponed(deadlineMs + 1)]).activation;
    expect(ended).toMatchObject({
      phase: 'querying_vehicle_state',
      failure: { category: 'deadline_exceeded' },
    });
    const inTime = play(ready('activation', { deadlineMs }), [postponed(0), postponed(30 * second)]);
    expect(verdictOf(inTime.activation, started(deadlineMs))).toBe('accepted');
  });

  test('looks again at once when the vehicle is free, and the attempt ends the streak', () => {
    const { activation } = play(ready(), [
      postponed(0),
      { type: 'vehicle_free', at: 3 * second },
      started(3 * second),
    ]);
    expect(activation).toMatchObject({ phase: 'sending_command', postponed: 0 });
    expect(startsOf(activation)).toEqual([3]);
  });

  test('the end of an incident also wakes one whose attempt was removed', () => {
    const rateLimited = play(ready(), [started(0), limited(0, 1, 600 * second)]).activation;
    const ended = { type: 'vehicle_free', at: 5 * second, cause: 'incident_ended' } as const;
    expect(play(rateLimited, [ended]).activation.dueAt).toBe(5 * second);
    expect(verdictOf(ready(), ended)).toBe('ignored: was not postponed');
  });

  test('a free vehicle does not wake activations that wait for something else', () => {
    const backingOff = play(ready(), [started(0), failed(0, 1, lostOnTheWay)]).activation;
    const rateLimited = play(ready(), [started(0), limited(0, 1, 600 * second)]).activation;
    for (const activation of [ready(), backingOff, rateLimited]) {
      expect(verdictOf(activation, { type: 'vehicle_free', at: 5 * second })).toBe(
        'ignored: was not postponed',
      );
    }
  });

  test('an activation is not postponed to a moment before its next check', () => {
    const backingOff = play(ready(), [started(0), failed(0, 1, lostOnTheWay)]).activation;
    expect(verdictOf(backingOff, postponed(29 * second))).toBe('ignored: too early');
    expect(verdictOf(backingOff, postponed(30 * second))).toBe('accepted');
  });

  test('between two attempts does not shorten the next back-off', () => {
    const { activation } = play(ready(), [
      started(0),
      failed(0, 1, lostOnTheWay),
      postponed(30 * second),
      { type: 'vehicle_free', at: 31 * second },
      started(31 * second),
      accepted(31 * second, 2),
      failed(32 * second, 2, lostOnTheWay),
    ]);
    expect(activation.dueAt).toBe(92 * second);
    expect(verdictOf(activation, applied(40 * second, 2))).toBe('accepted');
  });
});
