import { describe, expect, test } from 'vitest';
import { scenarioOf } from '../../simulator/check/scenario-of-test-case.ts';
import { judgeServices } from '../../simulator/check/service-rules.ts';
import {
  calmTestCase,
  type ScheduledActivation,
  type TestCase,
  testCaseSchema,
} from '../../simulator/check/test-case.ts';
import { runTestCase, type TestCaseRun } from '../../simulator/check/test-case-run.ts';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../simulator/reports/evidence.ts';
import { shippedCatalogue } from '../../simulator/virtual-system/shipped-files.ts';
import type { Draft } from '../simulator/reports/sample.ts';

type Dispute = NonNullable<ScheduledActivation['dispute']>;

const disputed = (outcome: Dispute['outcome'], world: TestCase['world'] = []): TestCase => ({
  ...calmTestCase([{ dispute: { outcome, afterMs: 60_000, decidedAfterMs: 90_000 } }]),
  world,
});

/** What did not hold, in the run as it was or with changed evidence. */
function brokenIn(run: TestCaseRun, change: (evidence: Draft<Evidence>) => void = () => {}) {
  const evidence = structuredClone(run.evidence) as Draft<Evidence>;
  change(evidence);
  const rules = runChecks(evidence as Evidence).filter(({ ok }) => !ok);
  return {
    own: judgeServices(evidence as Evidence, run.userActions, run.schedule),
    rules: rules.map(({ id, violations }) => [id, ...violations]),
  };
}

const nothing = { own: [], rules: [] };
const linesOf = ({ evidence }: TestCaseRun) =>
  evidence.database.record.flatMap(({ type }) => (/dispute/.test(type) ? [type] : []));
const kindsOf = ({ evidence }: TestCaseRun) => evidence.ledger.map(({ kind }) => kind);

describe('A bank disputes the charge of an active service', () => {
  test.each([
    ['open', ['payment.disputed'], ['disputed'], 'active'],
    ['won', ['payment.disputed', 'payment.dispute_won'], ['disputed', 'dispute_won'], 'active'],
    ['lost', ['payment.disputed', 'payment.dispute_lost'], ['disputed'], 'payment_failed'],
  ] as const)(
    '%s: history, ledger and purchase agree, and every rule holds',
    async (outcome, lines, money, status) => {
      const run = await runTestCase(disputed(outcome));
      expect(linesOf(run)).toEqual(lines);
      expect(kindsOf(run)).toEqual(['authorised', 'captured', ...money]);
      expect(run.evidence.database.purchases.map((one) => one.status)).toEqual([status]);
      expect([run.violations, brokenIn(run)]).toEqual([[], nothing]);
    },
  );

  test('while the platform is down: the payment service sends the event again until it is taken', async () => {
    const down = { type: 'stop', process: 'platform', atMs: 50_000, downMs: 200_000 } as const;
    const run = await runTestCase(disputed('lost', [down]));
    // Either event may arrive first; what is closed is not opened again.
    expect(linesOf(run).at(-1)).toBe('payment.dispute_lost');
    const sent = run.trace.filter(
      ({ process, event, fields }) =>
        process === 'payment' && event === 'http' && String(fields.call).endsWith('/callbacks/payments'),
    );
    expect(sent.filter(({ fields }) => fields.outcome === 'refused').length).toBeGreaterThan(1);
    expect(sent.filter(({ fields }) => String(fields.outcome) === '204')).toHaveLength(2);
    expect([run.violations, brokenIn(run)]).toEqual([[], nothing]);
  });

  test('and the history does not know: rules 4 and 10 and the run’s own rule report it', async () => {
    const run = await runTestCase(disputed('open'));
    const { own, rules } = brokenIn(run, ({ database, ...evidence }) => {
      const events = evidence.events ?? [];
      events.splice(0, events.length, ...events.filter(({ type }) => !type.endsWith('payment.disputed')));
      database.record = database.record.filter(({ type }) => type !== 'payment.disputed');
    });
    expect(own).toEqual([expect.stringMatching(/^dp_\w+: open at the bank, but the history says nothing$/)]);
    expect(rules).toEqual([
      [4, expect.stringMatching(/^act_\w+: active, but 0\.00 EUR of \d+\.\d\d EUR captured$/)],
      // The notification on each channel has no cause now.
      [8, '8 examined instead of 6: notifications that the specification requires'],
      [10, expect.stringMatching(/^act_\w+: disputed by the ledger, but not in the history$/)],
    ]);
  });

  test('and loses: a purchase that stays active is named', async () => {
    const run = await runTestCase(disputed('lost'));
    const { own } = brokenIn(run, ({ database: { purchases } }) => {
      for (const purchase of purchases) purchase.status = 'active';
    });
    expect(own).toEqual([expect.stringMatching(/^dp_\w+: lost, but the purchase pur_\w+ is still active$/)]);
  });
});

describe('A vehicle is registered for another customer', () => {
  const transferred: TestCase = {
    ...calmTestCase([{ life: [{ type: 'cancel', afterMs: 120_000, which: 'first' }] }]),
    transfers: [{ vehicle: 0, to: 1, atMs: 60_000 }],
  };

  test('what is owned on it goes there, its buyer cancels it no more, and every rule holds', async () => {
    const run = await runTestCase(transferred);
    expect(run.userActions.transfers.map(({ customerId, status }) => [customerId, status])).toEqual([
      ['customer-2', 200],
    ]);
    expect(run.evidence.database.entitlements.map((one) => one.customer_id)).toEqual(['customer-2']);
    expect(run.userActions.cancels.map(({ status, problem }) => [status, problem])).toEqual([
      [409, 'not-cancellable'],
    ]);
    expect([run.violations, brokenIn(run)]).toEqual([[], nothing]);
  });

  test('twice: it belongs to the last one', async () => {
    const run = await runTestCase({
      ...transferred,
      transfers: [
        { vehicle: 0, to: 1, atMs: 60_000 },
        { vehicle: 0, to: 2, atMs: 90_000 },
      ],
    });
    expect(run.evidence.database.entitlements.map((one) => one.customer_id)).toEqual(['customer-3']);
    expect([run.violations, brokenIn(run)]).toEqual([[], nothing]);
  });

  test('an entitlement that stays with the buyer, and a history without the transfer, are named', async () => {
    const run = await runTestCase(transferred);
    const kept = brokenIn(run, ({ database: { entitlements } }) => {
      for (const row of entitlements) row.customer_id = 'customer-1';
    });
    expect(kept).toEqual({
      own: [
        expect.stringMatching(/^ent_\w+: belongs to customer-1, but \w{17} was registered for customer-2$/),
      ],
      rules: [[4, expect.stringMatching(/^ent_\w+: belongs to customer-1, but the vehicle to customer-2$/)]],
    });
    const { own } = brokenIn(run, ({ database }) => {
      database.record = database.record.filter(({ type }) => type !== 'vehicle.transferred');
    });
    expect(own).toEqual([
      expect.stringMatching(/^pur_\w+: no line of the transfer of \w{17} to customer-2$/),
    ]);
  });

  test('is not combined with a registration that names the first owner again', () => {
    const again = { type: 'registered_again', vehicle: 0, model: 'cirrus-2025', atMs: 5 } as const;
    const { success, error } = testCaseSchema.safeParse({ ...transferred, world: [again] });
    expect([success, error?.issues.map(({ path, message }) => [path, message])]).toEqual([
      false,
      [[['transfers'], 'cannot be combined with registered_again, which names the first owner again']],
    ]);
  });
});

test('a scenario has neither, and is refused with the reason', () => {
  const catalogue = shippedCatalogue();
  expect(scenarioOf(disputed('open'), 'about', catalogue)).toEqual({
    ok: false,
    reasons: ['the bank of a scenario disputes no charge (dispute)'],
  });
  const transfers = [{ vehicle: 0, to: 1, atMs: 1 }];
  expect(scenarioOf({ ...calmTestCase([{}]), transfers }, 'about', catalogue)).toEqual({
    ok: false,
    reasons: ['vehicles of a scenario keep their owners (transfers)'],
  });
});
