import { describe, expect, it } from 'vitest';
import { order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { as, clients } from './people.ts';

/** `adaptive-cruise` is paid at once; the vehicle rejects it, and the payment service refuses the refund for good. */
async function refusedRefund(world: World): Promise<{ purchaseId: string; activationId: string }> {
  const bought = await world.call('POST', '/purchases', { ...order, serviceId: 'adaptive-cruise' });
  expect(bought.status).toBe(201);
  const { id: purchaseId, activation } = bought.body;
  await world.engine.rejectUnrefunded(activation.id);
  return { purchaseId, activationId: activation.id };
}

const paidBack = {
  by: 'controller-1',
  resolution: 'paid_back',
  amountMinor: 2990,
  currency: 'EUR',
  reference: 'SEPA-4711',
};

async function kindsOf(world: World, activationId: string): Promise<string[]> {
  const { notices } = (await world.call('GET', `/activations/${activationId}`)).body;
  return notices.map(({ kind }: { kind: string }) => kind);
}

const withRefusal = (
  run: (world: World, ids: { purchaseId: string; activationId: string }) => Promise<void>,
) =>
  withPlatform(
    async (world) => {
      await register(world);
      await run(world, await refusedRefund(world));
    },
    { clients },
  );

describe('a refund that the payment service refuses for good', () => {
  it('ends the activation, notifies the customer of amount and date, and frees the vehicle', () =>
    withRefusal(async (world, { purchaseId, activationId }) => {
      const { body } = await world.call('GET', `/purchases/${purchaseId}`);
      expect([body.status, body.serviceStatus, body.activation.settlement]).toEqual([
        'failed',
        'pending_support',
        'unsettled',
      ]);
      expect(await kindsOf(world, activationId)).toEqual([
        'payment_confirmed',
        'activation_started',
        'reversal_failed',
      ]);
      const again = await world.call('POST', '/purchases', { ...order, serviceId: 'adaptive-cruise' });
      expect(again.status).toBe(201);
      const cancelled = await world.call('POST', `/purchases/${purchaseId}/cancel`);
      expect(cancelled.body.detail).toBe(
        'It has failed, and nothing is left to cancel; its money is unsettled.',
      );
    }));

  it('is listed with its deadline, counted in the metrics, and overdue after five days', () =>
    withRefusal(async (world, { activationId, purchaseId }) => {
      const listed = async () => (await world.call('GET', '/settlements?status=unsettled')).body.settlements;
      expect(await listed()).toMatchObject([{ activationId, purchaseId, overdue: false }]);
      const metrics = await world.call('GET', '/metrics');
      expect(metrics.body).toContain('fleetwake_settlements_open{status="unsettled"} 1\n');
      await world.clock.advance(5 * 86_400_000 + 1);
      expect(await listed()).toMatchObject([{ activationId, overdue: true }]);
    }));

  it('is ended once by a payment by other means, with a history line and a notification', () =>
    withRefusal(async (world, { purchaseId, activationId }) => {
      const path = `/settlements/${activationId}/resolve`;
      const wrong = await world.call('POST', path, { ...paidBack, amountMinor: 100 });
      expect([wrong.status, wrong.body.detail]).toEqual([
        409,
        `The settlement of ${activationId} cannot be ended so: 29.90 EUR are due, not 1.00 EUR.`,
      ]);
      const answer = await world.call('POST', path, paidBack);
      expect([answer.status, answer.body.settlement.status, answer.body.phase]).toEqual([
        200,
        'paid_back',
        'failed',
      ]);
      const { events } = (await world.call('GET', `/purchases/${purchaseId}/record?limit=100`)).body;
      expect(events.slice(-2)).toMatchObject([
        {
          type: 'payment.paid_back',
          actor: 'operator:controller-1',
          data: { amountMinor: 2990, currency: 'EUR', reference: 'SEPA-4711', by: 'controller-1' },
        },
        { type: 'payment.settled', data: { outcome: 'paid_back' } },
      ]);
      expect((await kindsOf(world, activationId)).slice(-2)).toEqual(['reversal_failed', 'reversal_settled']);
      const repeated = await world.call('POST', path, paidBack);
      expect([repeated.status, repeated.body.type]).toEqual([409, 'urn:fleetwake:problem:not-settleable']);
      expect((await world.call('GET', '/settlements?status=unsettled')).body.settlements).toEqual([]);
    }));

  it('takes no reference and no reason that show nothing, and keeps neither with hidden characters', () =>
    withRefusal(async (world, { activationId }) => {
      const path = `/settlements/${activationId}/resolve`;
      const hidden = await world.call('POST', path, { ...paidBack, reference: '\u200b\u202e' });
      expect([hidden.status, hidden.body.errors?.[0].message]).toEqual([
        422,
        'write a text that shows something',
      ]);
      const reason = 'It came \u202eback\u202c\u0007 by chargeback.';
      const body = { by: 'controller-1', resolution: 'written_off', reason };
      expect((await world.call('POST', path, body)).status).toBe(200);
      const row = await world.database.reader
        .selectFrom('notices')
        .select('data')
        .where('kind', '=', 'reversal_closed')
        .executeTakeFirstOrThrow();
      expect(JSON.parse(row.data).message).toBe('It came back  by chargeback.');
    }));

  it('is written off with a reason that the customer reads', () =>
    withRefusal(async (world, { activationId }) => {
      const body = { by: 'controller-1', resolution: 'written_off', reason: 'It came back by chargeback.' };
      expect((await world.call('POST', `/settlements/${activationId}/resolve`, body)).status).toBe(200);
      const row = await world.database.reader
        .selectFrom('notices')
        .select('data')
        .where('kind', '=', 'reversal_closed')
        .executeTakeFirstOrThrow();
      expect(JSON.parse(row.data).message).toBe('It came back by chargeback.');
    }));

  it('is tried once more, and the customer is notified when it succeeds', () =>
    withRefusal(async (world, { activationId }) => {
      const retry = { by: 'controller-1', resolution: 'retry' };
      const answer = await world.call('POST', `/settlements/${activationId}/resolve`, retry);
      expect([answer.status, answer.body.settlement.status]).toEqual([200, 'refunding']);
      await world.engine.apply(activationId, { type: 'payment_refunded', at: world.clock.now() });
      expect((await kindsOf(world, activationId)).slice(-1)).toEqual(['reversal_settled']);
    }));

  it('keeps the customer from being erased until it is settled', () =>
    withRefusal(async (world, { activationId, purchaseId }) => {
      const { ticketId } = (await world.call('GET', `/purchases/${purchaseId}`)).body;
      const erase = () => world.call('DELETE', '/customers/ana/personal-data');
      const refused = await erase();
      expect([refused.status, refused.body.detail.includes(`money is still owed (${activationId})`)]).toEqual(
        [409, true],
      );
      await world.call('POST', `/settlements/${activationId}/resolve`, paidBack);
      expect([ticketId, (await erase()).body.detail]).toEqual([
        ticketId,
        expect.not.stringContaining('money is still owed'),
      ]);
    }));

  it('is settled by operators alone', () =>
    withRefusal(async (world, { activationId }) => {
      const path = `/settlements/${activationId}/resolve`;
      for (const who of ['ana', 'shop', 'support'])
        expect([who, (await as(world, who, 'POST', path, paidBack)).status]).toEqual([who, 403]);
      expect((await as(world, 'operator', 'POST', path, paidBack)).status).toBe(200);
    }));
});

describe('a capture that is declined for good', () => {
  async function unpaid(world: World) {
    await register(world);
    const { body } = await world.call('POST', '/purchases', order);
    await world.engine.deliverUnpaid(body.activation.id);
    return { purchaseId: body.id as string, activationId: body.activation.id as string };
  }
  const endOf = async (world: World, purchaseId: string) =>
    (await world.call('GET', `/purchases/${purchaseId}`)).body.entitlement.validUntil;
  const week = 7 * 86_400_000;

  it('leaves the service on where its policy is to keep it, and tells the customer that nothing was charged', () =>
    withPlatform(async (world) => {
      const { purchaseId, activationId } = await unpaid(world);
      expect((await world.call('GET', `/purchases/${purchaseId}`)).body.status).toBe('payment_failed');
      expect((await kindsOf(world, activationId)).slice(-1)).toEqual(['capture_failed']);
      expect(await endOf(world, purchaseId)).toBe(Date.UTC(2027, 1, 15, 8));
    }));

  it('ends it after the grace period of its policy, and gives the whole term back to what is paid', () =>
    withPlatform(
      async (world) => {
        const { purchaseId, activationId } = await unpaid(world);
        expect(await endOf(world, purchaseId)).toBe(world.clock.now() + week);
        const row = await world.database.reader
          .selectFrom('notices')
          .select('data')
          .where('kind', '=', 'capture_failed')
          .executeTakeFirstOrThrow();
        expect(JSON.parse(row.data)).toHaveProperty('activeUntil');
        const body = { ...paidBack, resolution: 'collected', amountMinor: 1490 };
        const answer = await world.call('POST', `/settlements/${activationId}/resolve`, body);
        expect([answer.status, answer.body.settlement.status]).toEqual([200, 'collected']);
        expect((await world.call('GET', `/purchases/${purchaseId}`)).body.status).toBe('active');
        expect(await endOf(world, purchaseId)).toBe(Date.UTC(2027, 1, 15, 8));
        expect((await kindsOf(world, activationId)).slice(-1)).toEqual(['capture_settled']);
      },
      { uncollectible: { deactivateAfterMs: week } },
    ));
});
