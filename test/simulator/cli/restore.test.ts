import { expect, test } from 'vitest';
import { UsageError } from '../../../simulator/cli/exit.ts';
import { restoreRequest } from '../../../simulator/cli/restore.ts';

test('fleetwake restore sends the decision with the customer and the duration that are given', () => {
  const path = '/restore/findings/WVWZZZ1JZXW000001.heated_seats';
  expect(
    restoreRequest('WVWZZZ1JZXW000001.heated_seats', 'adopt', {
      as: 'olga',
      customer: 'ana',
      duration: '30 days',
    }),
  ).toEqual({
    path,
    body: { choice: 'adopt', by: 'olga', customerId: 'ana', duration: { unit: 'days', count: 30 } },
  });
  expect(restoreRequest('pi_1', 'refund', { as: 'olga' })).toEqual({
    path: '/restore/findings/pi_1',
    body: { choice: 'refund', by: 'olga' },
  });
  expect(restoreRequest('pi_1', 'adopt', { as: 'olga', duration: 'permanent' }).body).toEqual({
    ...{ choice: 'adopt', by: 'olga' },
    duration: { unit: 'permanent' },
  });
});

test.each([
  [['pi_1', 'keep', { as: 'olga' }], 'the decision about pi_1 must be adopt, refund or ignore'],
  [['pi_1', 'adopt', {}], 'fleetwake restore FINDING CHOICE needs --as NAME'],
  [
    ['pi_1', 'adopt', { as: 'olga', duration: 'a month' }],
    '--duration must be such as "30 days" or permanent, not "a month"',
  ],
] as const)('fleetwake restore says what is wrong: %j', ([id, choice, flags], sentence) => {
  expect(() => restoreRequest(id, choice, flags)).toThrow(new UsageError(sentence));
});
