import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { testSecrets } from '../../../simulator/virtual-system/settings.ts';
import { hourMs, type RestoredSystem, withRestoredSystem } from '../restore/restored-system.ts';

interface Bought {
  readonly id: string;
  readonly activation: { readonly id: string };
}

/** One captured payment, its feature on. Resolves with the payment's id. */
async function charged({
  shop,
  vins,
  pass,
  operator,
}: RestoredSystem): Promise<{ bought: Bought; paymentId: string }> {
  const order = { vin: vins[0], serviceId: 'heated-seats', duration: { unit: 'months', count: 1 } };
  const body = { ...order, customerId: 'customer-1', paymentMethod: 'pm_card_visa' };
  const bought = (await shop.send('POST', '/purchases', body, 'one')).body as Bought;
  await pass(60_000);
  const { body: view } = await operator.get(`/settlements/${bought.activation.id}`);
  const { settlement } = view as { settlement: { status: string; paymentId: string } };
  expect(settlement.status).toBe('captured');
  return { bought, paymentId: settlement.paymentId };
}

async function typesOf({ operator }: RestoredSystem, { id }: Bought, prefix: string): Promise<string[]> {
  const { body } = await operator.get(`/purchases/${id}/record?limit=100`);
  const { events: entries } = body as { events: { type: string }[] };
  return entries.map(({ type }) => type).filter((type) => type.startsWith(prefix));
}

/** An operator's decision. Resolves with the status, and the reason of a refusal. */
async function resolve(
  { operator }: RestoredSystem,
  activationId: string,
  decision: object,
): Promise<[number, string?]> {
  const { status, body } = await operator.send('POST', `/settlements/${activationId}/resolve`, decision);
  return status === 200 ? [200] : [status, (body as { detail: string }).detail];
}

/** The status of each notification about a dispute, by channel. */
async function disputeNotices({ operator }: RestoredSystem, { activation }: Bought) {
  const { body } = await operator.get(`/activations/${activation.id}`);
  const { notices } = body as { notices: { kind: string; channel: string; status: string }[] };
  return notices
    .filter(({ kind }) => kind === 'payment_disputed')
    .map(({ channel, status }) => `${channel} ${status}`);
}

const listed = async ({ operator }: RestoredSystem) =>
  ((await operator.get('/settlements?status=disputed')).body as { settlements: Record<string, unknown>[] })
    .settlements;

test('lists a chargeback with its deadline, logs it at error, and lets an operator end it after it is lost', async () => {
  await withRestoredSystem(async (system) => {
    const { bought, paymentId } = await charged(system);
    const { operator, shop, log, ledger, payments } = system;
    const opened = await payments('/v1/test_helpers/disputes', {
      payment_intent: paymentId,
      reason: 'product_not_received',
    });
    expect(opened).toMatchObject({
      status: 'needs_response',
      webhook: expect.stringContaining('answered 204'),
    });
    const id = String(opened.id);
    const dispute = {
      ...{ id, status: 'open', amountMinor: 1490, currency: 'EUR', reason: 'product_not_received' },
      ...{ openedAt: expect.any(Number), settleBy: expect.any(Number), closedAt: null },
    };
    const activationId = bought.activation.id;
    expect(await listed(system)).toMatchObject([
      { activationId, purchaseId: bought.id, overdue: false, dispute, settlement: { status: 'captured' } },
    ]);
    const fields = { activationId, purchaseId: bought.id, disputeId: id, status: 'open', amountMinor: 1490 };
    expect(log).toEqual([
      {
        event: 'settlement.disputed',
        fields: { ...fields, currency: 'EUR', reason: 'product_not_received' },
      },
    ]);
    expect((await operator.get('/metrics')).text).toContain('fleetwake_disputes_open{status="open"} 1\n');
    // Nothing has changed for the customer but the history, and they are notified.
    await system.pass(60_000);
    expect(await disputeNotices(system, bought)).toEqual(['email sent']);
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'active' });
    const undecided = `The settlement of ${activationId} cannot be ended so: the bank has not decided on the dispute: answer or accept it at the payment service; once it is lost it takes collected, written_off.`;
    const resolution = { by: 'olga', resolution: 'collected', currency: 'EUR', reference: 'SEPA-1' };
    const writeOff = { by: 'olga', resolution: 'written_off', reason: 'The bank gave it back.' };
    for (const early of [{ ...resolution, amountMinor: 1490 }, writeOff, { by: 'olga', resolution: 'retry' }])
      expect(await resolve(system, activationId, early)).toEqual([409, undecided]);

    await payments(`/v1/disputes/${id}/close`);
    expect(await listed(system)).toMatchObject([
      { dispute: { ...dispute, status: 'lost', closedAt: expect.any(Number) } },
    ]);
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'payment_failed' });
    expect((await ledger.net(activationId)).netMinor).toBe(0);
    expect(await resolve(system, activationId, { by: 'olga', resolution: 'retry' })).toEqual([
      409,
      `The settlement of ${activationId} cannot be ended so: its payment is disputed: it takes collected, written_off.`,
    ]);
    const less = await operator.send('POST', `/settlements/${activationId}/resolve`, {
      ...resolution,
      amountMinor: 100,
    });
    expect(less.body).toMatchObject({
      detail: expect.stringContaining('14.90 EUR are disputed, not 1.00 EUR'),
    });
    const ended = await operator.send('POST', `/settlements/${activationId}/resolve`, {
      ...resolution,
      amountMinor: 1490,
    });
    expect(ended.body).toMatchObject({ dispute: { status: 'collected' } });
    expect(await listed(system)).toEqual([]);
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'active' });
    await system.pass(60_000);
    expect(await disputeNotices(system, bought)).toEqual(['email sent']);
    expect(await typesOf(system, bought, 'payment.')).toEqual([
      'payment.authorised',
      'payment.captured',
      'payment.disputed',
      'payment.dispute_lost',
      'payment.collected',
    ]);
  });
});

test('leaves a purchase unpaid whose charge was lost before its service became active', async () => {
  await withRestoredSystem(async (system) => {
    const { shop, operator, vins, ledger, payments } = system;
    const order = { vin: vins[0], serviceId: 'adaptive-cruise', duration: { unit: 'permanent' } };
    const body = { ...order, customerId: 'customer-1', paymentMethod: 'pm_card_visa' };
    const bought = (await shop.send('POST', '/purchases', body, 'one')).body as Bought;
    const { body: view } = await operator.get(`/settlements/${bought.activation.id}`);
    const { paymentId } = (view as { settlement: { paymentId: string } }).settlement;
    const { id } = await payments('/v1/test_helpers/disputes', { payment_intent: paymentId });
    await payments(`/v1/disputes/${String(id)}/close`);
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'pending' });
    await system.pass(60_000);
    expect(system.activeFeatures()).toEqual([`${vins[0]} adaptive_cruise`]);
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'payment_failed' });
    expect((await ledger.net(bought.activation.id)).netMinor).toBe(0);
    await operator.send('POST', `/settlements/${bought.activation.id}/resolve`, {
      ...{ by: 'olga', resolution: 'collected', amountMinor: 89_900, currency: 'EUR', reference: 'SEPA-1' },
    });
    expect((await shop.get(`/purchases/${bought.id}`)).body).toMatchObject({ status: 'active' });
  });
});

/** A payment taken at once that the customer disputes before the vehicle is reached, and whose purchase they then cancel. */
async function disputedAndCancelled(
  system: RestoredSystem,
  ending: '/close' | null,
  beforeCancelling: (activationId: string) => Promise<void> = async () => {},
) {
  const { shop, operator, vins, payments } = system;
  const buyer = { customerId: 'customer-1', paymentMethod: 'pm_card_visa' };
  const seats = { vin: vins[0], serviceId: 'heated-seats', duration: { unit: 'months', count: 1 } };
  await shop.send('POST', '/purchases', { ...seats, ...buyer }, 'busy');
  // It waits for the command of the other purchase, so that it can be cancelled.
  const order = { vin: vins[0], serviceId: 'adaptive-cruise', duration: { unit: 'permanent' } };
  const bought = (await shop.send('POST', '/purchases', { ...order, ...buyer }, 'one')).body as Bought;
  const { body: view } = await operator.get(`/settlements/${bought.activation.id}`);
  const { paymentId } = (view as { settlement: { paymentId: string } }).settlement;
  const id = String((await payments('/v1/test_helpers/disputes', { payment_intent: paymentId })).id);
  if (ending !== null) await payments(`/v1/disputes/${id}${ending}`);
  await beforeCancelling(bought.activation.id);
  expect((await shop.send('POST', `/purchases/${bought.id}/cancel`, {}, 'two')).status).toBe(200);
  await system.pass(60_000);
  const { body: after } = await operator.get(`/settlements/${bought.activation.id}`);
  return { bought, id, settlement: (after as { settlement: { status: string } }).settlement.status };
}

const kindsOf = async ({ operator }: RestoredSystem, { activation }: Bought) => {
  const { body } = await operator.get(`/activations/${activation.id}`);
  return (body as { notices: { kind: string }[] }).notices.map(({ kind }) => kind);
};

describe('a refund that is due while the bank holds the disputed amount', () => {
  test('cannot be paid back by other means, and is made once the bank has rejected the dispute', async () => {
    await withRestoredSystem(async (system) => {
      const { bought, id, settlement } = await disputedAndCancelled(system, null);
      const activationId = bought.activation.id;
      expect([settlement, (await system.ledger.net(activationId)).netMinor]).toEqual(['unsettled', 0]);
      const resolved = async () =>
        (
          await system.operator.send('POST', `/settlements/${activationId}/resolve`, {
            ...{
              by: 'olga',
              resolution: 'paid_back',
              amountMinor: 89_900,
              currency: 'EUR',
              reference: 'SEPA-1',
            },
          })
        ).status;
      expect(await resolved()).toBe(409);
      expect(await kindsOf(system, bought)).toContain('reversal_failed');
      await system.payments(`/v1/test_helpers/disputes/${id}/win`);
      await system.pass(60_000);
      expect(await typesOf(system, bought, 'payment.')).toEqual([
        ...['payment.authorised', 'payment.captured', 'payment.disputed', 'payment.unsettled'],
        ...['payment.dispute_won', 'payment.retried', 'payment.refunded', 'payment.settled'],
      ]);
      const { netMinor, refundedMinor } = await system.ledger.net(activationId);
      expect([netMinor, refundedMinor]).toEqual([0, 89_900]);
      expect(await resolved()).toBe(409);
      expect((await kindsOf(system, bought)).slice(-2)).toEqual(['reversal_failed', 'reversal_settled']);
    });
  });

  test('ends once the dispute is lost, because the bank has paid the customer', async () => {
    await withRestoredSystem(async (system) => {
      const { bought, id } = await disputedAndCancelled(system, null);
      await system.payments(`/v1/disputes/${id}/close`);
      await system.pass(60_000);
      expect((await typesOf(system, bought, 'payment.')).slice(-4)).toEqual([
        ...['payment.unsettled', 'payment.dispute_lost', 'payment.charged_back', 'payment.settled'],
      ]);
      const { netMinor, refundedMinor } = await system.ledger.net(bought.activation.id);
      expect([netMinor, refundedMinor]).toEqual([0, 0]);
      expect((await kindsOf(system, bought)).at(-1)).toBe('reversal_failed');
    });
  });

  test('ends at once where the dispute was lost before the refund was tried', async () => {
    await withRestoredSystem(async (system) => {
      const { bought, settlement } = await disputedAndCancelled(system, '/close');
      expect(settlement).toBe('paid_back');
      expect((await typesOf(system, bought, 'payment.')).slice(-4)).toEqual([
        ...['payment.dispute_lost', 'payment.unsettled', 'payment.charged_back', 'payment.settled'],
      ]);
      expect((await system.ledger.net(bought.activation.id)).refundedMinor).toBe(0);
    });
  });

  test('ends at once where an operator had written the lost dispute off before the refund was tried', async () => {
    await withRestoredSystem(async (system) => {
      const writeOff = { by: 'olga', resolution: 'written_off', reason: 'The bank gave it back.' };
      const { bought, settlement } = await disputedAndCancelled(system, '/close', async (activationId) => {
        expect(await resolve(system, activationId, writeOff)).toEqual([200]);
      });
      expect(settlement).toBe('paid_back');
      expect((await typesOf(system, bought, 'payment.')).slice(-4)).toEqual([
        ...['payment.written_off', 'payment.unsettled', 'payment.charged_back', 'payment.settled'],
      ]);
    });
  });
});

test('lets no operator collect the amount of a lost dispute for a service that is not active', async () => {
  await withRestoredSystem(async (system) => {
    const { bought } = await disputedAndCancelled(system, '/close');
    const { id: activationId } = bought.activation;
    const collected = {
      ...{ by: 'olga', resolution: 'collected', amountMinor: 89_900, currency: 'EUR', reference: 'SEPA-1' },
    };
    expect(await resolve(system, activationId, collected)).toEqual([
      409,
      `The settlement of ${activationId} cannot be ended so: its service is not active, so that nothing is due: it takes written_off.`,
    ]);
    const writeOff = { by: 'olga', resolution: 'written_off', reason: 'The bank gave it back.' };
    expect(await resolve(system, activationId, writeOff)).toEqual([200]);
    expect(await listed(system)).toEqual([]);
  });
});

test('ends a dispute by itself that the bank rejects, and tells the customer what is true in the history', async () => {
  await withRestoredSystem(async (system) => {
    const { bought, paymentId } = await charged(system);
    const { id } = await system.payments('/v1/test_helpers/disputes', { payment_intent: paymentId });
    await system.pass(121 * hourMs);
    expect(await listed(system)).toMatchObject([{ overdue: true }]);
    await system.payments(`/v1/test_helpers/disputes/${String(id)}/win`);
    expect(await listed(system)).toEqual([]);
    expect((await system.ledger.net(bought.activation.id)).netMinor).toBe(1490);
    const { body } = await system.operator.get(
      `/purchases/${bought.id}/record/export?view=customer&format=json`,
    );
    const { events: entries } = body as { events: { type: string; what: string; cause: string }[] };
    expect(
      entries.filter(({ type }) => type.includes('dispute')).map(({ what, cause }) => `${what}: ${cause}`),
    ).toEqual([
      'the bank was asked to take the amount back: the payment was disputed',
      'the amount stays charged: the bank rejected the dispute',
    ]);
  });
});

const secret = testSecrets.platform.paymentsWebhook;

test('takes an event once, and refuses one that is unsigned, changed, too old or signed by another', async () => {
  await withRestoredSystem(async (system) => {
    const { bought, paymentId } = await charged(system);
    const object = {
      ...{ id: 'dp_1', object: 'dispute', amount: 1490, currency: 'eur', payment_intent: paymentId },
      ...{ reason: 'fraudulent', status: 'needs_response' },
    };
    const event = (id: string, type = 'charge.dispute.created', changes = {}) =>
      JSON.stringify({ id, object: 'event', type, data: { object: { ...object, ...changes } } });
    const send = async (payload: string, options: { ageS?: number; by?: string; sent?: string } = {}) => {
      const { ageS = 0, by = secret, sent = payload } = options;
      const timestamp = Math.floor(system.now() / 1000) - ageS;
      const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: by, timestamp });
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
      return (await system.post('/callbacks/payments', sent, headers)).status;
    };
    expect(await send(event('evt_1'), { by: 'whsec_other' })).toBe(403);
    expect(await send(event('evt_1'), { ageS: 400 })).toBe(403);
    expect(await send(event('evt_1'), { sent: event('evt_2') })).toBe(403);
    expect((await system.post('/callbacks/payments', event('evt_1'), {})).status).toBe(403);
    expect(await send('not JSON')).toBe(400);
    expect(await listed(system)).toEqual([]);

    expect([await send(event('evt_1')), await send(event('evt_1'))]).toEqual([204, 204]);
    // In another order: what is closed is not opened again.
    const closed = { status: 'lost' };
    expect(await send(event('evt_2', 'charge.dispute.closed', closed))).toBe(204);
    expect(await send(event('evt_3'))).toBe(204);
    expect(await send(event('evt_4', 'invoice.paid'))).toBe(204);
    expect(
      await send(event('evt_5', 'charge.dispute.created', { id: 'dp_2', payment_intent: 'pi_none' })),
    ).toBe(204);
    expect(await typesOf(system, bought, 'payment.dispute')).toEqual([
      'payment.disputed',
      'payment.dispute_lost',
    ]);
    expect(await listed(system)).toMatchObject([{ dispute: { id: 'dp_1', status: 'lost' } }]);
    const metrics = (await system.operator.get('/metrics')).text;
    for (const [answer, count] of [
      ['taken', 3],
      ['repeated', 1],
      ['ignored', 2],
      ['refused', 4],
    ])
      expect(metrics).toContain(`fleetwake_payment_events_total{answer="${answer}"} ${count}\n`);
  });
});
