import { expect, test } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import {
  accepted,
  applied,
  checked,
  failed,
  incompatible,
  lacksFeature,
  limited,
  lines,
  lostOnTheWay,
  play,
  postponed,
  ready,
  second,
  started,
  verdictOf,
} from '../../helpers/activation-events.ts';

const unauthorised: Failure = {
  category: 'authorization_failure',
  code: 'unauthorized',
  message: 'the credentials are not valid',
  temporary: false,
  mayHaveSucceeded: false,
};

function failTimes(times: number, failure: Failure = lostOnTheWay) {
  let current = ready('revocation');
  for (let number = 1; number <= times; number += 1) {
    const at = current.dueAt ?? 0;
    current = play(current, [started(at), failed(at, number, failure)]).activation;
  }
  return current;
}

test('a revocation is attempted without limit, keeps its last 20 attempts and waits 15 minutes at most', () => {
  const activation = failTimes(50);
  expect(activation.phase).toBe('waiting_backoff');
  expect(activation.attempts.map((attempt) => attempt.number)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 31),
  );
  expect((activation.dueAt ?? 0) - (activation.attempts.at(-1)?.endedAt ?? 0)).toBe(900 * second);
  expect(play(activation, [started(activation.dueAt ?? 0)]).activation.attempts.at(-1)?.number).toBe(51);
});

test('a revocation has no deadline under any policy', () => {
  expect(ready('revocation').deadlineAt).toBeNull();
  expect(ready('deactivation').deadlineAt).toBe(86_400 * second);
  expect(play(ready('revocation'), [started(1e12), failed(1e12, 1, lostOnTheWay)]).activation.phase).toBe(
    'waiting_backoff',
  );
});

test('a refusal for good does not end an obligation', () => {
  const activation = failTimes(8, unauthorised);
  expect(activation.phase).toBe('waiting_backoff');
  // A repeat of the same answer neither moves the next attempt nor shows again.
  expect(verdictOf(activation, failed((activation.dueAt ?? 0) - 1, 8, unauthorised))).toBe(
    'ignored: belongs to an attempt that is over',
  );
});

test('a vehicle that cannot have the feature at all has it off', () => {
  const { activation, facts } = play(ready('revocation'), [started(0), failed(1 * second, 1, lacksFeature)]);
  expect(activation).toMatchObject({ phase: 'dormant', delivery: null, failure: lacksFeature });
  expect(lines(facts).at(-1)).toBe('1s activation.dormant');
});

test('a vehicle that rejects to switch off has not said that it is off', () => {
  const { activation } = play(ready('revocation'), [started(0), failed(0, 1, incompatible)]);
  expect(activation).toMatchObject({ phase: 'waiting_backoff', dueAt: 30 * second });
});

test('a revocation ends when the vehicle says dormant, also by an answer to an earlier attempt', () => {
  const { activation } = play(failTimes(3), [applied(211 * second, 2)]);
  expect(activation).toMatchObject({ phase: 'dormant', delivery: { attempt: 2 } });
});

test('an answer to an attempt that is not kept any more is left to the next attempt', () => {
  const activation = failTimes(30);
  expect(verdictOf(activation, applied(activation.dueAt ?? 0, 10))).toBe(
    'ignored: belongs to an attempt that is not kept',
  );
  expect(verdictOf(activation, failed(activation.dueAt ?? 0, 10, incompatible))).toBe(
    'ignored: belongs to an attempt that is not kept',
  );
});

test('a feature that a customer owns again stays active', () => {
  const { activation, facts } = play(failTimes(2), [{ type: 'feature_owned', at: 80 * second }]);
  expect(activation).toMatchObject({ phase: 'superseded', dueAt: null });
  expect(lines(facts)).toEqual(['80s activation.superseded']);
});

test('a vehicle that is away is not sent anything, and looked for again', () => {
  const { activation, facts } = play(ready('revocation'), [
    postponed(0, 'vehicle_away'),
    { type: 'vehicle_free', at: 7 * second },
  ]);
  expect(activation).toMatchObject({ attempts: [], dueAt: 7 * second });
  expect(facts).toEqual([
    { type: 'activation.postponed', at: 0, data: { reason: 'vehicle_away', until: 30 * second } },
  ]);
});

test('a revocation is never checked and never asked for diagnostics', () => {
  expect(verdictOf(ready('revocation'), checked(0, incompatible))).toBe(
    'rejected: only an activation is checked',
  );
});

test('429 at the 21st attempt removes it and continues under its number', () => {
  const full = failTimes(20);
  const at = full.dueAt ?? 0;
  const { activation } = play(full, [
    started(at),
    limited(at, 21, at + 3_600 * second),
    started(at + 3_600 * second),
    accepted(at + 3_600 * second, 21),
  ]);
  expect(activation.attempts.map((attempt) => attempt.number)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 2),
  );
});
