import { describe, expect, test } from 'vitest';
import type { OperatorScript } from '../../../simulator/check/operators.ts';
import { scenarioOf } from '../../../simulator/check/scenario-of-test-case.ts';
import { calmTestCase, type ScheduledActivation, type TestCase } from '../../../simulator/check/test-case.ts';
import { runTestCase, type TestCaseRun } from '../../../simulator/check/test-case-run.ts';
import { neverCharged } from '../../../simulator/reports/checks/never-charged.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';
import type { Draft } from '../reports/sample.ts';

const decisions = (...wanted: OperatorScript[number]['decision'][]): OperatorScript =>
  wanted.map((decision) => ({ decision, afterMs: 20_000 }));

/** Charged at once, and never activated: the vehicle permanently rejects it. */
const refundRefused = (operator: OperatorScript): Partial<ScheduledActivation> => ({
  ...{ service: 1, card: 'refund_refused', operator },
  faults: [{ type: 'result', nth: 1, kind: 'fatal' }],
});

const captureDeclined = (operator: OperatorScript): Partial<ScheduledActivation> => ({
  ...{ card: 'capture_declined', operator },
});

const disputed = (
  outcome: 'open' | 'won' | 'lost',
  operator: OperatorScript,
): Partial<ScheduledActivation> => ({
  ...{ operator, dispute: { outcome, afterMs: 60_000, decidedAfterMs: 90_000 } },
});

const failedAndLost = (operator: OperatorScript): Partial<ScheduledActivation> => ({
  ...refundRefused(operator),
  ...{ card: 'good', dispute: { outcome: 'lost', afterMs: 200, decidedAfterMs: 90_000 } },
});

const actsOf = ({ userActions }: TestCaseRun) =>
  userActions.operatorActs.map(({ resolution, status, problem }) =>
    [resolution, status, problem].filter((part) => part !== null).join(' '),
  );
const moneyOf = ({ evidence }: TestCaseRun) =>
  evidence.database.activations.map(({ settlement }) => settlement);
const broken = ({ violations, verdicts }: TestCaseRun) => [
  ...violations,
  ...verdicts.filter(({ ok }) => !ok).flatMap((verdict) => verdict.violations),
];

describe('An operator settles money that waits for people, in virtual time', () => {
  test.each<[string, Partial<ScheduledActivation>, string[], string]>([
    ['pays a refused refund back', refundRefused(decisions('other_means')), ['paid_back 200'], 'paid_back'],
    ['writes it off', refundRefused(decisions('written_off')), ['written_off 200'], 'written_off'],
    [
      'has it tried again, which is refused again, and pays it back',
      refundRefused(decisions('retry', 'other_means')),
      ['retry 200', 'paid_back 200'],
      'paid_back',
    ],
    [
      'collects what could not be captured',
      captureDeclined(decisions('other_means')),
      ['collected 200'],
      'collected',
    ],
    [
      'collects what a lost dispute took, and not before the bank has decided',
      disputed('lost', decisions('other_means', 'other_means')),
      ['collected 409 not-settleable', 'collected 200'],
      'captured',
    ],
    [
      'collects nothing of a dispute that is won',
      disputed('won', decisions('other_means', 'other_means')),
      ['collected 409 not-settleable', 'collected 409 not-settleable'],
      'captured',
    ],
    [
      'pays nothing back while the bank holds it',
      failedAndLost(decisions('other_means', 'other_means', 'other_means')),
      ['paid_back 409 not-settleable', 'paid_back 409 not-settleable', 'collected 409 not-settleable'],
      'paid_back',
    ],
  ])('%s, and every rule holds', async (_, activation, acts, money) => {
    const run = await runTestCase(calmTestCase([activation]));
    expect([actsOf(run), moneyOf(run), broken(run)]).toEqual([acts, [money], []]);
  });
});

/** What rule 1 says of a run to whose history an operator's decision is added. */
function ruleWith(run: TestCaseRun, type: string): string[] {
  const evidence = structuredClone(run.evidence) as Draft<Evidence>;
  const { record } = evidence.database;
  const [line] = record;
  if (line === undefined) throw new Error('the run has no history');
  record.push({ ...line, type, data: JSON.stringify({ by: 'olga', amountMinor: 34_900 }) });
  return neverCharged(evidence as Evidence).violations.map((sentence) => sentence.replace(/^act_\w+: /, ''));
}

describe('Rule 1 counts what operators settle by other means', () => {
  test('and names what is paid twice, or more than was paid and returned', async () => {
    const run = await runTestCase(calmTestCase([{}]));
    expect(ruleWith(run, 'payment.collected')).toEqual([
      '698.00 EUR paid by all means together, the price is 349.00 EUR',
    ]);
    const lost = await runTestCase(calmTestCase([disputed('lost', [])]));
    expect(ruleWith(lost, 'payment.paid_back')).toEqual([
      '349.00 EUR too much returned by all means together',
    ]);
  });

  test('and names what is collected for a service that was not delivered', async () => {
    const run = await runTestCase(calmTestCase([{ faults: [{ type: 'result', nth: 1, kind: 'fatal' }] }]));
    expect(ruleWith(run, 'payment.collected')).toEqual(['failed, but 349.00 EUR collected by other means']);
  });
});

test('a scenario has no operators, and is refused with the reason', () => {
  const testCase: TestCase = calmTestCase([captureDeclined(decisions('retry'))]);
  expect(scenarioOf(testCase, 'about', shippedCatalogue())).toEqual({
    ok: false,
    reasons: ['operators of a scenario settle no money (operator)'],
  });
});
