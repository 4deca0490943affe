import { describe, expect, it } from 'vitest';
import { newManualRetry } from '../../../gateway/activation/activation.ts';
import type { Fact, FactType } from '../../../gateway/activation/fact.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { endOf } from '../../../gateway/catalogue/duration.ts';
import { type ProjectionDeps, project } from '../../../gateway/engine/projection.ts';
import { loadActivation, type StoredActivation } from '../../../gateway/store/activations.ts';
import { type Outside, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { countedIds, recordLines, rowsOf, saveNew } from './rows.ts';

const day = 86_400_000;
const fact = (type: FactType, data: Fact['data'] = {}, at = 5_000): Fact => ({ type, at, data });

/** What the parts beside the engine were asked to do, in order; `notices` is the number of new notifications. */
function projecting(outside: Outside, notices = 0) {
  const calls: unknown[] = [];
  const deps: ProjectionDeps = {
    clock: outside.clock,
    ids: countedIds(),
    catalogue: { services: () => [], service: () => null, configuration: () => null, endOf },
    async openTicket(_, { activation }, diagnostics, at) {
      calls.push(['open', activation.id, diagnostics, at]);
      return null;
    },
    noteOnTicket: async (_, id, text, at) => calls.push(['note', id, text, at]),
    resolveTicket: async (_, { activation }, at) => calls.push(['resolve', activation.id, at]),
    async insertNotices(_, { activation }, facts) {
      calls.push(['tell', activation.id, facts.map(({ type }) => type)]);
      return notices;
    },
  };
  const follow = (stored: StoredActivation, ...facts: Fact[]) =>
    outside.database.write((transaction) => project(transaction, deps, stored, facts));
  return { calls, follow };
}

async function bought(outside: Outside): Promise<StoredActivation> {
  const stored = await loadActivation(outside.database.reader, await placeOrder(outside));
  if (!stored) throw new Error('the order was not saved');
  return stored;
}

/** A technician's manual retry of what `bought` bought. */
async function retried(outside: Outside, kind: 'activation' | 'deactivation' = 'activation') {
  await outside.database.write((transaction) =>
    transaction.updateTable('activations').set({ ended_at: 1_500 }).execute(),
  );
  const order = { id: 'act_2', vin, serviceId: 'heated_seats', feature: 'heated_seats' };
  return saveNew(outside, newManualRetry({ ...order, policy: standardPolicy }, kind, 2_000), 'pur_1');
}

describe('The record', () => {
  it.each<[FactType, string]>([
    ['payment.authorised', 'payments'],
    ['payment.declined', 'payments'],
    ['payment.refunded', 'payments'],
    ['activation.payment_confirmed', 'engine'],
    ['activation.queued_for_activation', 'engine'],
    ['activation.cancel_requested', 'customer'],
    ['activation.success', 'vehicle'],
    ['activation.failure', 'engine'],
    ['command.accepted', 'api-iot'],
    ['activation.rate_limited', 'api-iot'],
    ['vehicle.checked', 'engine'],
    ['activation.postponed', 'engine'],
  ])('says of %s that it is the word of: %s', (type, actor) =>
    withOutside(async (outside) => {
      const { follow } = projecting(outside);
      await follow(await bought(outside), fact(type, { attempt: 3 }, 7_000));
      expect(await recordLines(outside)).toEqual([
        { at: 7_000, type, actor, of: ['pur_1', 'act_1'], data: { attempt: 3 } },
      ]);
    }),
  );

  it('has the facts in their order, and says nothing where nothing happened', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside, 1);
      const stored = await bought(outside);
      expect(await follow(stored)).toEqual({
        createdIds: [],
        ticket: null,
        work: { notifications: false, tickets: false },
      });
      expect(calls).toEqual([]);
      await follow(stored, fact('activation.success'), fact('activation.notifying_customer'));
      expect(await recordLines(outside)).toMatchObject([
        { type: 'activation.success' },
        { type: 'activation.notifying_customer' },
      ]);
      expect(calls).toEqual([['tell', 'act_1', ['activation.success', 'activation.notifying_customer']]]);
    }));
});

describe('The purchase', () => {
  const statusOf = async (outside: Outside) => (await rowsOf(outside, 'purchases')).map((row) => row.status);

  it.each<[FactType, string]>([
    ['activation.active', 'active'],
    ['activation.failed', 'failed'],
    ['activation.cancelled', 'cancelled'],
    ['activation.declined', 'declined'],
    ['payment.uncollectible', 'payment_failed'],
    ['activation.waiting_response', 'pending'],
  ])('after %s is %s', (type, status) =>
    withOutside(async (outside) => {
      await projecting(outside).follow(await bought(outside), fact(type));
      await placeOrder(outside, { id: 'act_3', feature: 'sport_mode' });
      expect(await statusOf(outside)).toEqual([status, 'pending']);
    }),
  );

  it('does not change during a manual retry free of charge', () =>
    withOutside(async (outside) => {
      await bought(outside);
      await projecting(outside).follow(await retried(outside), fact('activation.failed'));
      expect(await statusOf(outside)).toEqual(['pending']);
    }));
});

describe('Delivery', () => {
  const owned = {
    vin,
    feature: 'heated_seats',
    service_id: 'heated_seats',
    customer_id: 'cus_1',
    purchase_id: 'pur_1',
    valid_from: 5_000,
    valid_until: 5_000 + 30 * day,
    ended_at: null,
    end_cause: null,
  };

  it('gives the customer what they bought', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      const stored = await bought(outside);
      expect(await follow(stored, fact('activation.active'))).toEqual({
        createdIds: [],
        ticket: null,
        work: { notifications: false, tickets: false },
      });
      expect(await rowsOf(outside, 'entitlements')).toEqual([
        { ...owned, id: 'ent_1002', source: 'purchase' },
      ]);
      expect(calls).toEqual([['tell', 'act_1', ['activation.active']]]);
    }));

  it('by a manual retry grants it free of charge, resolves the ticket and notifies the customer', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await bought(outside);
      const stored = await retried(outside);
      expect(await follow(stored, fact('activation.active'))).toEqual({
        createdIds: [],
        ticket: null,
        work: { notifications: true, tickets: true },
      });
      expect(await rowsOf(outside, 'entitlements')).toEqual([
        { ...owned, id: 'ent_1002', source: 'goodwill' },
      ]);
      expect(calls).toEqual([
        ['resolve', 'act_2', 5_000],
        ['tell', 'act_2', ['activation.active']],
      ]);
    }));

  it('by a manual retry of what has had its time goes back to the ticket', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await follow(await bought(outside), fact('activation.active'));
      const late = 5_000 + 31 * day;
      await outside.database.write((transaction) =>
        transaction.updateTable('entitlements').set({ ended_at: late, end_cause: 'expired' }).execute(),
      );
      const again = fact('activation.active', { diagnostics: { status: 'as it is' } }, late);
      expect(await follow(await retried(outside), again)).toEqual({
        createdIds: [],
        ticket: null,
        work: { notifications: false, tickets: true },
      });
      expect(calls.slice(1)).toEqual([
        ['open', 'act_2', { status: 'as it is' }, late],
        ['tell', 'act_2', ['activation.active']],
      ]);
      expect(await rowsOf(outside, 'entitlements')).toHaveLength(1);
    }));
});

describe('The ticket', () => {
  it.each<FactType>(['activation.dormant', 'activation.superseded'])(
    'of a manual retry that switches off is resolved by %s',
    (type) =>
      withOutside(async (outside) => {
        const { calls, follow } = projecting(outside);
        await bought(outside);
        await follow(await retried(outside, 'deactivation'), fact(type));
        expect(calls).toEqual([
          ['resolve', 'act_2', 5_000],
          ['tell', 'act_2', [type]],
        ]);
      }),
  );

  it('of a manual retry that was cancelled stays open', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await bought(outside);
      await follow(await retried(outside), fact('activation.cancelled', { diagnostics: 'all' }));
      expect(calls[0]).toEqual(['open', 'act_2', 'all', 5_000]);
    }));

  it('of a manual retry does not change during the retry', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await bought(outside);
      await follow(await retried(outside), fact('activation.sending_command'));
      expect(calls).toEqual([['tell', 'act_2', ['activation.sending_command']]]);
    }));

  it('is not created for a cancelled or a successful purchase', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await follow(await bought(outside), fact('activation.active'), fact('activation.cancelled'));
      expect(calls).toEqual([['tell', 'act_1', ['activation.active', 'activation.cancelled']]]);
    }));

  it('gets the diagnostics of an escalation, of which the record keeps the failure alone', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      const failure = { category: 'timeout', code: 'timed_out' };
      const stored = await bought(outside);
      await follow(stored, fact('activation.escalating_to_support', { failure, diagnostics: 'all' }));
      expect(calls[0]).toEqual(['open', 'act_1', 'all', 5_000]);
      expect(await recordLines(outside)).toMatchObject([{ actor: 'engine', data: { failure } }]);
      const [line] = (await recordLines(outside)) as { data: object }[];
      expect(line?.data).toEqual({ failure });
    }));

  it('gets a late success that the vehicle reported', () =>
    withOutside(async (outside) => {
      const { calls, follow } = projecting(outside);
      await follow(await bought(outside), fact('activation.late_success', { attempt: 1 }));
      expect(calls[0]).toEqual([
        'note',
        'act_1',
        'The vehicle applied the command after the activation had failed. The money stays returned; a revocation follows.',
        5_000,
      ]);
      expect(await recordLines(outside)).toMatchObject([{ actor: 'vehicle' }]);
    }));
});

it('creates the required revocation, without limit of attempts or of time', () =>
  withOutside(async (outside) => {
    const { follow } = projecting(outside);
    const stored = await bought(outside);
    const owed = fact('revocation.owed');
    expect(await follow(stored, owed)).toEqual({
      createdIds: ['act_1002'],
      ticket: null,
      work: { notifications: false, tickets: false },
    });
    const [, revocation] = (await rowsOf(outside, 'activations')).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect({ ...revocation, state: JSON.parse(revocation?.state ?? '') }).toEqual({
      id: 'act_1002',
      purchase_id: 'pur_1',
      parent_id: 'act_1',
      vin,
      service_id: 'heated_seats',
      feature: 'heated_seats',
      kind: 'revocation',
      phase: 'queued_for_activation',
      settlement: null,
      priority: 1,
      version: 1,
      due_at: 5_000,
      requested_at: 5_000,
      ended_at: null,
      state: {
        id: 'act_1002',
        vin,
        serviceId: 'heated_seats',
        feature: 'heated_seats',
        policy: { ...standardPolicy, maxRetries: null, deadlineMs: null },
        kind: 'revocation',
        requestedAt: 5_000,
        deadlineAt: null,
        phase: 'queued_for_activation',
        dueAt: 5_000,
        vehicleChecked: false,
        postponed: 0,
        attempts: [],
        failure: null,
        delivery: null,
        revocationOwed: false,
        lateSuccessAt: null,
        settlement: null,
      },
    });
  }));

it.each([
  [0, false],
  [1, true],
  [2, true],
])('tells with %i new notifications whether some may wait: %s', (notices, notifications) =>
  withOutside(async (outside) => {
    const { follow } = projecting(outside, notices);
    const told = fact('activation.payment_confirmed');
    expect(await follow(await bought(outside), told)).toEqual({
      createdIds: [],
      ticket: null,
      work: { notifications, tickets: false },
    });
  }),
);

it.each([
  ['activation.escalating_to_support', true],
  ['activation.late_success', true],
  ['payment.unsettled', true],
  ['payment.settled', true],
  ['activation.payment_confirmed', false],
  ['activation.failed', false],
  ['activation.cancelled', false],
] as const)('tells of %s whether a ticket may have changed: %s', (type, tickets) =>
  withOutside(async (outside) => {
    const { follow } = projecting(outside);
    const { work } = await follow(await bought(outside), fact(type, { diagnostics: {} }));
    expect(work).toEqual({ notifications: false, tickets });
  }),
);
