import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { type Scenario, scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

/** One car and one purchase with this card, in virtual time. */
async function bought(good: string, faults: Partial<Scenario['faults']> = {}) {
  const scenario = scenarioSchema.parse({
    name: 'card',
    description: 'One car and one card.',
    timeScale: 1,
    vehicles: { count: 1, models: [{ model: 'aurora-2026', weight: 1 }] },
    customers: { languages: ['en'], pushShare: 1 },
    purchases: {
      count: 1,
      overMs: 0,
      services: [
        { id: 'heated-seats', feature: 'heated_seats', duration: { unit: 'months', count: 1 }, weight: 1 },
      ],
      cards: { good, declined: 'pm_card_visa_chargeDeclined' },
    },
    faults,
  });
  const { evidence } = await runScenarioVirtually({ scenario, seed: 1 });
  expect(runChecks(evidence).filter(({ ok }) => !ok)).toEqual([]);
  const { database, ledger, startedAt, mails } = evidence;
  const id = database.activations[0]?.id ?? '';
  return {
    /** Answers of the payment service to the engine, and the end of the activation: seconds of the run and event, in order. */
    told: database.record
      .filter(
        ({ type }) =>
          type.startsWith('payment.') || type === 'activation.active' || type === 'activation.failed',
      )
      .map(({ at, type, data }) => {
        const { step } = JSON.parse(data) as { step?: string };
        return [Math.floor((at - startedAt) / 1_000), step ? `${type} (${step})` : type];
      }),
    /** The service's own books: when it was really done, and under which of the activation's keys. */
    done: ledger.map(({ at, kind, key }) => [
      Math.floor((at - startedAt) / 1_000),
      kind,
      key?.replace(id, 'act'),
    ]),
    lastMail: mails.at(-1),
    voidedAt: ledger.find(({ kind }) => kind === 'voided')?.at ?? null,
    reversedAt: database.record.find(({ type }) => type === 'payment.voided')?.at ?? null,
  };
}

/** A time-out of the engine is 10 s, and it asks again a second later, or when its next look over what is due finds it. */
test('a slow card: the engine waits for each answer, and asks once', async () => {
  const { told, done } = await bought('pm_card_slow');
  expect(told).toEqual([
    [4, 'payment.authorised'],
    [4, 'activation.active'],
    [8, 'payment.captured'],
  ]);
  expect(done).toEqual([
    [0, 'authorised', 'act:authorise'],
    [4, 'captured', 'act:capture'],
  ]);
});

test('a hanging card: no answer means unknown; asked again under the same key, each step is done once', async () => {
  const { told, done } = await bought('pm_card_hanging');
  expect(told).toEqual([
    [10, 'payment.unanswered (authorise)'],
    [11, 'payment.authorised'],
    [11, 'activation.active'],
    [21, 'payment.unanswered (capture)'],
    [29, 'payment.captured'],
  ]);
  expect(done).toEqual([
    [0, 'authorised', 'act:authorise'],
    [11, 'captured', 'act:capture'],
  ]);
});

test('a hanging card whose service fails: "not charged" waits until the service has said that it let go', async () => {
  const attributes = { reason: 'wiring_missing', feature: null };
  const target = { mode: 'all', selector: {} } as const;
  const { told, done, lastMail, voidedAt, reversedAt } = await bought('pm_card_hanging', {
    list: [{ name: 'refuses', layer: 'vehicle', type: 'reject', toxicity: 1, target, attributes }],
  });
  expect(told).toEqual([
    [10, 'payment.unanswered (authorise)'],
    [11, 'payment.authorised'],
    [21, 'payment.unanswered (void)'],
    [29, 'payment.voided'],
    [29, 'activation.failed'],
  ]);
  expect(done).toEqual([
    [0, 'authorised', 'act:authorise'],
    [11, 'voided', 'act:void'],
  ]);
  expect(lastMail?.subject).toBe('Service activation issue - You have NOT been charged');
  expect(voidedAt).toBeLessThan(reversedAt ?? 0);
  expect(lastMail?.at).toBeGreaterThanOrEqual(reversedAt ?? Number.POSITIVE_INFINITY);
});
