import { expect, test } from 'vitest';
import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import { balanceOf } from '../../../simulator/reports/balance.ts';
import {
  type EntryKind,
  type LedgerEntry,
  movements,
} from '../../../simulator/stand-ins/payments/ledger-rules.ts';
import { itEndsByTarget } from '../../../simulator/target/it-ends-by-target.ts';
import type { Mapping } from '../../../simulator/target/mapping.ts';
import { isSettled, type TargetCase } from '../../../simulator/target/target-case.ts';
import {
  exactlyOnceByTarget,
  failedMeansOffByTarget,
  neverChargedByTarget,
} from '../../../simulator/target/target-rules.ts';

const start = { startedAt: 1_000, plan: { timeScale: 1 } };
const vin = '1M8GDM9AXKP042788';

/** Movements of 14.90 EUR, a second apart; `kind@payment`. */
function ledgerOf(...steps: readonly string[]): LedgerEntry[] {
  return steps.map((step, index) => {
    const [kind = 'charged', paymentId = 'pi_1'] = step.split('@') as [EntryKind, string?];
    const at = start.startedAt + 1_000 * (index + 1);
    const amount = { amountMinor: 1_490, currency: 'EUR' };
    return {
      sequence: index + 1,
      at,
      kind,
      ...movements[kind],
      ...amount,
      paymentId,
      activationId: '',
      key: null,
    };
  });
}

function caseOf(ledger: readonly LedgerEntry[], changes: Partial<TargetCase> = {}): TargetCase {
  return {
    payments: 1,
    id: 'order-1',
    purchase: {
      ...{ id: 'p-001', atMs: 0, customerId: 'c', vin, serviceId: 'heated-seats', feature: 'heated_seats' },
      ...{ duration: { unit: 'permanent' }, method: 'pm_card_visa', preDelivery: false, intent: 'ordinary' },
    },
    ledger,
    balance: balanceOf(ledger),
    priceMinor: 1_490,
    currency: 'EUR',
    commands: [],
    mails: [],
    pushes: [],
    deliveredAt: 2_500,
    ...changes,
  };
}

const of = (...cases: readonly TargetCase[]) => ({ cases, unnamed: [] });
const rule1 = (one: TargetCase) => neverChargedByTarget(start, of(one), 'rule 1').violations;
const rule2 = (one: TargetCase, repeatsMax = 0) =>
  exactlyOnceByTarget({ repeatsMax }, of(one), mapped, 'rule 2').violations;
const rule5 = (one: TargetCase, state: 'active' | 'dormant') => {
  const vehicles = [
    { vin, features: [{ feature: 'heated_seats', state, version: 1 }], displayed: [], resultsLost: 0 },
  ];
  const mapping = {
    purchase: { headers: {}, body: {}, activation: '/id' },
    payment: { metadata: 'order' },
    command: { field: 'reference' as const },
    mail: { in: 'text' as const, pattern: '.', failed: 'not charged' },
  };
  return failedMeansOffByTarget({ ...start, vehicles }, of(one), mapping, 'rule 5').violations;
};
const failureMail = (at: number) => ({
  ...{ at, messageId: 'm', to: 'ana@example.com', subject: 'You are not charged', text: '' },
});

test('rule 1 asks for the confirmation of the vehicle before the money is taken', () => {
  expect(rule1(caseOf(ledgerOf('authorised', 'captured')))).toEqual([]);
  expect(rule1(caseOf(ledgerOf('charged', 'refunded'), { deliveredAt: null }))).toEqual([]);
  expect(rule1(caseOf(ledgerOf('charged'), { deliveredAt: null }))).toEqual([
    `order-1: 14.90 EUR kept, but ${vin} never reported applied`,
  ]);
  expect(rule1(caseOf(ledgerOf('authorised', 'captured'), { deliveredAt: 9_000 }))).toEqual([
    `order-1: captured at +2.000 s, before ${vin} reported applied at +8.000 s`,
  ]);
  const unnamed = ledgerOf('charged@pi_9');
  expect(neverChargedByTarget(start, { cases: [], unnamed }, 'rule 1').violations).toEqual([
    'pi_9: 14.90 EUR taken for no activation of this run',
  ]);
});

test('rule 2 finds a second charge, a hold beside the charge, and an e-mail that comes twice', () => {
  expect(rule2(caseOf(ledgerOf('authorised', 'captured')))).toEqual([]);
  expect(rule2(caseOf(ledgerOf('charged@pi_1', 'charged@pi_2')))).toEqual([
    'order-1: charged 2 times, by the payments pi_1, pi_2',
    'order-1: 29.80 EUR charged, the price is 14.90 EUR',
  ]);
  expect(rule2(caseOf(ledgerOf('authorised@pi_1', 'authorised@pi_2', 'captured@pi_2')))).toEqual([
    'order-1: 14.90 EUR still held beside the charge of 14.90 EUR',
  ]);
  expect(rule2(caseOf([], { mails: [failureMail(1), failureMail(2)] }))).toEqual([
    'order-1: e-mail "You are not charged" to ana@example.com sent 2 times',
  ]);
});

const mapped = {
  purchase: { headers: {}, body: {}, activation: '/id' },
  payment: { metadata: 'order' },
  command: { field: 'reference' as const },
};
const answer = { plannedId: 'p-001', at: 1_000, status: 202, problem: null, purchaseId: 'order-1' };
const rule3 = (one: TargetCase, mapping: Mapping = mapped) =>
  itEndsByTarget({ answers: [answer] }, of(one), mapping, 'rule 3').violations;
const nothing = { payments: 0, deliveredAt: null };

test('rule 3 finds an accepted purchase that nothing follows, however its customer could have been notified', () => {
  expect(rule3(caseOf([], nothing))).toEqual([
    'order-1: accepted with 202, and then nothing: no payment, no command names it',
  ]);
  const withMail: Mapping = { ...mapped, mail: { in: 'text', pattern: '.' } };
  expect(rule3(caseOf([], nothing), withMail)).toEqual([
    'order-1: accepted with 202, and then nothing: no payment, no e-mail, no command names it',
  ]);
  expect(rule3(caseOf([], { ...nothing, mails: [failureMail(2_000)] }), withMail)).toEqual([]);
  const withFailure: Mapping = { ...mapped, mail: { in: 'text', pattern: '.', failed: 'not charged' } };
  const thanks = { ...failureMail(2_000), subject: 'Thank you' };
  expect(rule3(caseOf([], { ...nothing, mails: [thanks] }), withFailure)).toEqual([
    'order-1: accepted with 202, and then nothing: no payment, no e-mail of a failure, no command names it',
  ]);
  expect(rule3(caseOf([], { ...nothing, mails: [failureMail(2_000)] }), withFailure)).toEqual([]);
});

test('rule 3 finds money that stays held, a delivery without a payment, and an answer without a name', () => {
  expect(rule3(caseOf(ledgerOf('authorised')))).toEqual([
    'order-1: accepted with 202, but 14.90 EUR is still held, neither captured nor released',
  ]);
  expect(rule3(caseOf([], { payments: 0 }))).toEqual([
    'order-1: accepted with 202, and delivered, but no payment was asked for',
  ]);
  const nameless = { ...answer, plannedId: 'p-002', purchaseId: null };
  expect(itEndsByTarget({ answers: [nameless] }, of(), mapped, 'rule 3')).toMatchObject({
    examined: 1,
    violations: ['p-002: accepted with 202, but purchase.activation "/id" is not in the answer'],
  });
});

const rejected: CommandResource = {
  ...{ id: 'cmd-1', vin, reference: 'order-1', key: null, state: 'rejected', late: false, clock: null },
  ...{ features: [], acceptedAt: 1_500, expiresAt: 9_000, endedAt: 2_000, results: null },
};

test('rule 3 finds a purchase whose command delivered nothing, and that nothing follows, and the run waits for it', () => {
  const one = caseOf([], { ...nothing, commands: [rejected] });
  const sentence =
    'order-1: accepted with 202, but nothing was delivered by cmd-1 (rejected), and no payment';
  expect(rule3(one)).toEqual([
    `${sentence} names it; if its customer was notified of the failure, add "mail" or "push" to the mapping`,
  ]);
  const withMail: Mapping = { ...mapped, mail: { in: 'text', pattern: '.', failed: 'not charged' } };
  expect(rule3(one, withMail)).toEqual([`${sentence}, no e-mail of a failure names it`]);
  const told = { ...one, mails: [failureMail(3_000)] };
  expect([rule3(told, withMail), isSettled([told], withMail)]).toEqual([[], true]);
  const declined = { ...one, payments: 1 };
  expect([rule3(declined, withMail), isSettled([declined], withMail)]).toEqual([[], true]);
  expect(isSettled([one], withMail)).toBe(false);
});

test('a purchase that breaks rule 3 is never settled: one that is delivered without a payment, though its customer was notified', () => {
  const one = caseOf([], { payments: 0, mails: [failureMail(2_000)] });
  const withMail: Mapping = { ...mapped, mail: { in: 'text', pattern: '.' } };
  expect([rule3(one, withMail), isSettled([one], withMail)]).toEqual([
    ['order-1: accepted with 202, and delivered, but no payment was asked for'],
    false,
  ]);
});

test('rule 3 holds for what was paid, declined, reversed or refused', () => {
  expect(rule3(caseOf(ledgerOf('authorised', 'captured')))).toEqual([]);
  expect(rule3(caseOf([], { deliveredAt: null }))).toEqual([]);
  expect(rule3(caseOf(ledgerOf('authorised', 'voided'), { deliveredAt: null }))).toEqual([]);
  const refused = { ...answer, status: 409, purchaseId: null };
  expect(itEndsByTarget({ answers: [refused] }, of(), mapped, 'rule 3')).toMatchObject({
    examined: 0,
    violations: [],
  });
});

const pushMessage = (changes: Partial<TargetCase['pushes'][number]> = {}) => ({
  ...{ at: 1, endpoint: 'https://push.example/1', noticeId: 'n-1', title: 'Active', body: '' },
  ...changes,
});

test('rule 2 allows the same notification again where its sender died or got no answer, under one id', () => {
  const two = { mails: [failureMail(1), failureMail(2)] };
  expect(rule2(caseOf([], two), 1)).toEqual([]);
  const three = { mails: [...two.mails, failureMail(3)] };
  expect(rule2(caseOf([], three), 1)).toEqual([
    'order-1: e-mail "You are not charged" to ana@example.com sent 3 times, 1 crashes and lost answers allow 2',
  ]);
  const other = { mails: [failureMail(1), { ...failureMail(2), messageId: 'n' }] };
  expect(rule2(caseOf([], other), 1)).toEqual([
    'order-1: e-mail "You are not charged" to ana@example.com sent 2 times under different ids: give each notification an id that its next try has too',
  ]);
  const nameless = { pushes: [pushMessage({ noticeId: '' }), pushMessage({ noticeId: '' })] };
  expect(rule2(caseOf([], nameless), 1)).toEqual([
    'order-1: push message "Active" to https://push.example/1 sent 2 times without an id: give each notification an id that its next try has too',
  ]);
});

test('rules 2, 3 and 5 judge push messages as e-mails', () => {
  const twice = { pushes: [pushMessage(), pushMessage({ noticeId: 'n-2' })] };
  expect(rule2(caseOf([], twice))).toEqual([
    'order-1: push message "Active" to https://push.example/1 sent 2 times',
  ]);
  const byPush: Mapping = { ...mapped, push: { in: 'title', pattern: '.', failed: '^Failed' } };
  expect(rule3(caseOf([], { ...nothing, pushes: [pushMessage()] }), byPush)).toEqual([
    'order-1: accepted with 202, and then nothing: no payment, no push message of a failure, no command names it',
  ]);
  const failed = pushMessage({ at: 2_500, title: 'Failed' });
  expect(rule3(caseOf([], { ...nothing, pushes: [failed] }), byPush)).toEqual([]);
  const reversed = caseOf(ledgerOf('charged', 'refunded'), { pushes: [failed] });
  const { violations } = failedMeansOffByTarget({ ...start, vehicles: [] }, of(reversed), byPush, 'rule 5');
  expect(violations).toEqual([
    'order-1: the customer was notified at +1.500 s, before the reversal at +2.000 s',
  ]);
});

test('rule 5 asks for a dormant feature and for the reversal before the e-mail', () => {
  const reversed = ledgerOf('charged', 'refunded');
  expect(rule5(caseOf(reversed), 'dormant')).toEqual([]);
  expect(rule5(caseOf(reversed), 'active')).toEqual([
    `order-1: failed, but heated_seats is active on ${vin}`,
  ]);
  expect(rule5(caseOf(reversed, { mails: [failureMail(2_500)] }), 'dormant')).toEqual([
    'order-1: the customer was notified at +1.500 s, before the reversal at +2.000 s',
  ]);
  expect(rule5(caseOf(ledgerOf('charged'), { mails: [failureMail(9_000)] }), 'dormant')).toEqual([
    'order-1: failed, but 14.90 EUR never reversed',
  ]);
  expect(rule5(caseOf(ledgerOf('charged')), 'active')).toEqual([]);
});
