import { expect, test } from 'vitest';
import type { PurchaseAnswer, SeenMail } from '../../../simulator/reports/evidence.ts';
import type { Mapping } from '../../../simulator/target/mapping.ts';
import type { TargetCase, TargetEvidence } from '../../../simulator/target/target-case.ts';
import { whyNothingFits } from '../../../simulator/target/unusable-mapping.ts';

const mapping: Mapping = {
  purchase: { headers: {}, body: {}, activation: '/id' },
  payment: { metadata: 'order' },
  command: { field: 'reference' },
  mail: { in: 'subject', pattern: 'order-\\d' },
};
const nothing: TargetEvidence = { ledger: [], payments: [], apiIot: [], broker: [], mails: [], pushes: [] };
const answered = (status: number | null): PurchaseAnswer => ({
  ...{ plannedId: 'p-001', at: 1, status, problem: null, purchaseId: null },
});
const mail: SeenMail = { at: 1, messageId: 'm', to: 'ana@example.com', subject: 'Thank you', text: '' };
const oneCase = { ledger: [], commands: [], mails: [] } as unknown as TargetCase;

const why = (
  statuses: readonly (number | null)[],
  evidence: Partial<TargetEvidence> = {},
  cases: readonly TargetCase[] = [],
) => whyNothingFits({ cases, unnamed: [] }, statuses.map(answered), { ...nothing, ...evidence }, mapping);
const textOf = (...parameters: Parameters<typeof why>) => why(...parameters)?.text;

test('names the request when the engine refused every purchase as not understood', () => {
  expect(textOf([404, 404])).toBe(
    'purchase.headers and purchase.body make no request that the engine accepts: each of 2 purchases was answered with 404',
  );
});

test.each([[[402, 402]], [[404, 402]], [[409]], [[429]], [[503]], [[null]]])(
  'takes refusals that any engine may give for an answer: %s',
  (statuses) => {
    expect(why(statuses)).toBeNull();
  },
);

test('names nothing where no answer named an activation that could be missing', () => {
  const payments = [{ id: 'pi_1', metadata: { order: 'order-1' } }] as unknown as TargetEvidence['payments'];
  const ledger = [{}] as unknown as TargetEvidence['ledger'];
  expect(why([null], { ...(payments ? { payments } : {}), ledger })).toBeNull();
});

test('names the pattern of e-mails when none of them names an activation', () => {
  expect(textOf([202], { mails: [mail] }, [oneCase])).toBe(
    'mail.pattern "order-\\d" names an activation of this run in the subject of none of 1 e-mails; the first has the subject "Thank you"',
  );
  expect(why([202], { mails: [mail] }, [{ ...oneCase, mails: [mail] }])).toBeNull();
});

test('names the pattern of push messages when none of them names an activation', () => {
  const push = { at: 1, endpoint: 'https://push.example/1', noticeId: '', title: 'Thank you', body: '' };
  const byTitle: Mapping = { ...mapping, push: { in: 'title', pattern: 'order-\\d' } };
  const of = (one: object) =>
    whyNothingFits(
      { cases: [{ ...oneCase, ...one }], unnamed: [] },
      [answered(202)],
      { ...nothing, pushes: [push] },
      byTitle,
    );
  expect(of({ pushes: [] })).toEqual({
    path: ['push', 'pattern'],
    text: 'push.pattern "order-\\d" names an activation of this run in the title of none of 1 push messages; the first has the title "Thank you"',
  });
  expect(of({ pushes: [push] })).toBeNull();
});
