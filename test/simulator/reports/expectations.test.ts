import { expect, test } from 'vitest';
import {
  expectedRules,
  type Figures,
  judgeExpectations,
} from '../../../simulator/reports/judged-expectation.ts';
import { uncompressedTime } from '../../../simulator/reports/scenario-time.ts';
import { readExpectation } from '../../../simulator/scenarios/expectation.ts';

const figures: Figures = {
  purchases: 40,
  timeScale: 100,
  outcomes: {
    active: 39,
    failed: 1,
    cancelled: 0,
    declined: 0,
    payment_failed: 2,
    pending: 0,
    refused: 0,
    unanswered: 0,
  },
  attempts: { '1': 30, '2': 8, '6': 2 },
  timeToActiveMs: { p50: 300, p95: 12_000, p99: 30_000, longest: 36_000 },
  money: {
    EUR: {
      authorisedMinor: 5_000,
      atOnceMinor: 0,
      capturedMinor: 4_000,
      voidedMinor: 1_000,
      refundedMinor: 0,
      keptMinor: 4_000,
    },
  },
  tickets: { HIGH: 2, MEDIUM: 3 },
  revocations: { done: 4, superseded: 5, open: 6 },
  reactivations: { done: 3, failed: 1, open: 0 },
  noticesGivenUp: 7,
  faults: {
    vehicles: { hang: 9 },
    apiIot: { slow: 3, server_error: 4 },
    payments: { slow: 1 },
    channels: { smtp_down: 5, push_down: 3 },
  },
};

test.each([
  ['active = 39', true, '39'],
  ['active >= 97.5 %', true, '97.5 % (39 of 40)'],
  ['active >= 99%', false, '97.5 % (39 of 40)'],
  ['failed < 1', false, '1'],
  ['failed <= 1', true, '1'],
  ['declined > 0', false, '0'],
  ['payment failed = 5 %', true, '5 % (2 of 40)'],
  ['p50 time to active = 30 s', true, '30 s'],
  ['p95 time to active < 20 min', false, '20 min'],
  ['p95 time to active <= 20 min', true, '20 min'],
  ['p99 time to active < 1 h', true, '50 min'],
  ['longest time to active > 3599999 ms', true, '1 h'],
  ['tickets = 5', true, '5'],
  ['high tickets = 2', true, '2'],
  ['medium tickets = 2', false, '3'],
  ['revocations done = 4', true, '4'],
  ['revocations superseded = 5', true, '5'],
  ['revocations open = 6', true, '6'],
  ['reactivations done = 3', true, '3'],
  ['most attempts <= 5', false, '6'],
  ['faults at the API IoT = 7', true, '7'],
  ['faults at payments = 1', true, '1'],
  ['faults at mail and push = 8', true, '8'],
  ['notices given up < 7', false, '7'],
  ['activations with 1 attempt = 30', true, '30'],
  ['activations with 3 attempts = 0', true, '0'],
  ['authorised = 50 EUR', true, '50.00 EUR'],
  ['captured >= 40.01 EUR', false, '40.00 EUR'],
  ['voided = 10.00 EUR', true, '10.00 EUR'],
  ['refunded = 0 EUR', true, '0.00 EUR'],
  ['kept > 0 JPY', false, '0 JPY'],
])('%s: %s, found %s', (text, ok, found) => {
  expect(judgeExpectations([text], figures)).toEqual([{ text, ok, found }]);
});

test('an amount in a currency that does not exist is refused', () => {
  expect(readExpectation('kept > 0 EUX')).toMatchObject({ ok: false });
  expect(readExpectation('kept > 0.5 CLF')).toMatchObject({
    expectation: { bound: { value: 5_000 }, currency: 'CLF' },
  });
});

test('a time to active is never good where nothing became active', () => {
  const nothing = { ...figures, timeToActiveMs: { p50: null, p95: null, p99: null, longest: null } };
  expect(judgeExpectations(['p95 time to active < 20 min'], nothing)).toEqual([
    { text: 'p95 time to active < 20 min', ok: false, found: 'nothing became active' },
  ]);
});

test('a share of no purchases is no share', () => {
  expect(judgeExpectations(['active = 100 %'], { ...figures, purchases: 0 })).toEqual([
    { text: 'active = 100 %', ok: false, found: 'no purchases' },
  ]);
});

test('rules are judged by their checks: those that are named, or all', () => {
  expect(judgeExpectations(['rule 7'], figures)).toEqual([]);
  expect(expectedRules(['active = 1', 'rule 7', 'rule 2'], [1, 2, 3, 7])).toEqual([2, 7]);
  expect(expectedRules(['active = 1'], [1, 2, 3])).toEqual([1, 2, 3]);
});

test.each([
  ['', 'write a name, one of >= <= > < =, and a figure: "active >= 99 %"'],
  ['active is 3', 'write a name, one of >= <= > < =, and a figure: "active >= 99 %"'],
  ['active = -1', 'write a name, one of >= <= > < =, and a figure: "active >= 99 %"'],
  ['active = 3 EUR', '"active" is compared with a count, or a percentage ("99 %")'],
  ['active > 101 %', 'no share is above 100 %'],
  ['p95 time to active < 20', '"p95 time to active" is compared with a time in ms, s, min, h ("20 min")'],
  ['tickets = 1.5', '"tickets" is compared with a whole number'],
  ['kept = 3', '"kept" is compared with an amount with its currency ("29.80 EUR")'],
  ['rule 12', 'there is no rule 12; write one from 1 to 11'],
])('"%s" is refused with the fix', (text, reason) => {
  expect(readExpectation(text)).toEqual({ ok: false, reason });
});

test('a duration is shown in the unit that fits it', () => {
  expect([0, 999, 1_000, 59_940, 60_000, 3_600_000, 5_400_000].map(uncompressedTime)).toEqual([
    '0 ms',
    '999 ms',
    '1 s',
    '59.9 s',
    '1 min',
    '1 h',
    '1.5 h',
  ]);
});
