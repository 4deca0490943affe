import { describe, expect, it } from 'vitest';
import { idOf, order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { problem } from './problem.ts';

const purchaseId = idOf('pur', 2);
const activationId = idOf('act', 1);

const bought = {
  id: purchaseId,
  customerId: 'ana',
  vin,
  serviceId: 'heated-seats',
  serviceName: 'Heated seats',
  feature: 'heated_seats',
  duration: { unit: 'months', count: 1 },
  price: { amountMinor: 1490, currency: 'EUR' },
  capture: 'on_delivery',
  preDelivery: false,
  status: 'pending',
  serviceStatus: 'pending',
  createdAt: 1_800_000_000_000,
  transferredAt: null,
  activation: {
    id: activationId,
    phase: 'queued_for_activation',
    settlement: 'authorised',
    cancelRequestedAt: null,
  },
  entitlement: null,
  ticketId: null,
};

const count = async (
  { database }: World,
  table: 'purchases' | 'activations' | 'record' | 'idempotency_keys',
) => (await database.reader.selectFrom(table).selectAll().execute()).length;

describe('a purchase', () => {
  it('is answered 201 with its place and what it is, once the payment is reserved', () =>
    withPlatform(async (world) => {
      await register(world);
      const answer = await world.call('POST', '/purchases', order);
      expect(answer.status).toBe(201);
      expect(answer.headers.get('location')).toBe(`/purchases/${purchaseId}`);
      expect(answer.body).toEqual(bought);
      expect((await world.call('GET', `/purchases/${purchaseId}`)).body).toEqual(bought);
      expect(world.engine.begun).toEqual([activationId]);
    }));

  it('writes its activation so that the engine finds it: due now, version 1, with the policy of the service', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'broken';
      await world.call('POST', '/purchases', { ...order, preDelivery: true });
      const [row] = await world.database.reader.selectFrom('activations').selectAll().execute();
      expect(row).toMatchObject({
        id: activationId,
        purchase_id: purchaseId,
        parent_id: null,
        kind: 'activation',
        phase: 'awaiting_payment',
        settlement: 'authorising',
        priority: 0,
        version: 1,
        due_at: 1_800_000_000_000,
        ended_at: null,
      });
      expect(JSON.parse(row?.state ?? '')).toMatchObject({
        policy: { maxRetries: 5, baseDelayMs: 30_000 },
        settlement: { capture: 'on_delivery', amountMinor: 1490, currency: 'EUR', method: 'pm_card_visa' },
      });
    }));

  it('captures the payment at once if the service is configured so', () =>
    withPlatform(async (world) => {
      await register(world);
      const body = { ...order, serviceId: 'sport-mode', duration: { unit: 'permanent' } };
      const answer = await world.call('POST', '/purchases', body);
      expect(answer.body).toMatchObject({
        price: { amountMinor: 119900, currency: 'EUR' },
        capture: 'immediately',
        activation: { phase: 'queued_for_activation', settlement: 'captured' },
      });
    }));

  it('whose payment is declined is answered 402, saved as declined, and blocks no other purchase', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'declined';
      const answer = await world.call('POST', '/purchases', order);
      expect([answer.status, answer.headers.get('location')]).toEqual([402, `/purchases/${purchaseId}`]);
      expect(answer.body).toEqual({
        type: 'urn:fleetwake:problem:payment-declined',
        title: 'The payment was declined',
        status: 402,
        detail:
          'The payment was declined (card_declined: Your card was declined). Nothing was charged; buy again with another payment method.',
        purchaseId,
        activationId,
      });
      const { body } = await world.call('GET', `/purchases/${purchaseId}`);
      expect(body).toMatchObject({
        status: 'declined',
        serviceStatus: null,
        activation: { phase: 'declined', settlement: 'declined' },
      });
      world.engine.payment = 'authorised';
      expect((await world.call('POST', '/purchases', order)).status).toBe(201);
    }));

  it('without an answer of the payment service is kept, and its payment asked for again by the engine', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'unanswered';
      const answer = await world.call('POST', '/purchases', order);
      expect(answer.status).toBe(201);
      expect(answer.body.activation).toEqual({
        id: activationId,
        phase: 'awaiting_payment',
        settlement: 'authorising',
        cancelRequestedAt: null,
      });
    }));

  it('survives an engine that breaks: it is saved, answered and logged', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'broken';
      const answer = await world.call('POST', '/purchases', order);
      expect([answer.status, answer.body.activation.phase]).toEqual([201, 'awaiting_payment']);
      expect(world.log.filter(({ event }) => event === 'platform.begin_failed')).toEqual([
        {
          event: 'platform.begin_failed',
          fields: { activationId, message: 'Error: the database went away' },
        },
      ]);
    }));
});

describe('a purchase is refused', () => {
  const refused: [string, object, number, string, string, object?][] = [
    [
      'for a VIN that nobody registered',
      { vin: 'WDBEA30D3HA391172' },
      404,
      'unknown-vehicle',
      'No vehicle with the VIN WDBEA30D3HA391172 is registered here.',
      { vin: 'WDBEA30D3HA391172' },
    ],
    [
      'for an unknown customer',
      { customerId: 'bob' },
      404,
      'unknown-customer',
      'No customer has the id bob. Register the customer first.',
      { customerId: 'bob' },
    ],
    [
      'for an unknown service',
      { serviceId: 'massage' },
      404,
      'unknown-service',
      'The catalogue has no service massage. GET /catalogue lists them.',
      { serviceId: 'massage' },
    ],
    [
      'for a duration that is not sold',
      { duration: { unit: 'days', count: 8 } },
      422,
      'invalid-request',
      'heated-seats is not sold for 8 days, but for: 7 days, 1 month, 12 months, permanent.',
      {
        errors: [
          { in: 'body', pointer: '/duration', message: 'one of: 7 days, 1 month, 12 months, permanent' },
        ],
      },
    ],
  ];

  it.each(refused)('%s', (_, change, status, name, detail, more) =>
    withPlatform(async (world) => {
      await register(world);
      const answer = await world.call('POST', '/purchases', { ...order, ...change });
      expect([answer.status, answer.body]).toEqual([status, problem(name, detail, more)]);
      expect(await count(world, 'purchases')).toBe(0);
    }),
  );

  it('while an activation of the feature is open, and the answer names it', () =>
    withPlatform(async (world) => {
      await register(world);
      await world.call('POST', '/purchases', order);
      const answer = await world.call('POST', '/purchases', order);
      expect([answer.status, answer.body]).toEqual([
        409,
        problem(
          'activation-open',
          `heated_seats is being activated on ${vin} already. Follow that purchase, or wait for its end.`,
          { activationId, purchaseId },
        ),
      ]);
      expect([await count(world, 'purchases'), await count(world, 'record')]).toEqual([1, 4]);
    }));

  it('for all but one of 20 that race', () =>
    withPlatform(async (world) => {
      await register(world);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => world.call('POST', '/purchases', order)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
      expect(new Set(answers.filter(({ status }) => status === 409).map(({ body }) => body.type))).toEqual(
        new Set(['urn:fleetwake:problem:activation-open']),
      );
      expect([await count(world, 'purchases'), await count(world, 'activations')]).toEqual([1, 1]);
      expect(world.engine.begun.length).toBe(1);
    }));

  it('for a service that is active for ever, in words', () =>
    withPlatform(async (world) => {
      await register(world);
      const body = { ...order, duration: { unit: 'permanent' } };
      await world.call('POST', '/purchases', body);
      await world.engine.deliver(activationId);
      expect((await world.call('POST', '/purchases', body)).body).toMatchObject({
        type: 'urn:fleetwake:problem:already-active',
        detail: `heated-seats is active on ${vin} without an end: nothing is left to buy.`,
      });
    }));

  const misfit = {
    ...order,
    vin: '11111111111111111',
    serviceId: 'sport-mode',
    duration: { unit: 'permanent' },
  };

  it('for a model without a template only with the setting', async () => {
    await withPlatform(async (world) => {
      await register(world);
      expect((await world.call('POST', '/purchases', misfit)).status).toBe(201);
    });
    await withPlatform(
      async (world) => {
        await register(world);
        const answer = await world.call('POST', '/purchases', misfit);
        expect([answer.status, answer.body]).toEqual([
          409,
          problem('vehicle-incompatible', 'sport-mode is not made for the model cirrus-2025.', {
            model: 'cirrus-2025',
          }),
        ]);
      },
      { refuseIncompatible: true },
    );
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'k-1' };

  it('makes a repeat get the same purchase, as it stands then, and buy nothing', () =>
    withPlatform(async (world) => {
      await register(world);
      const first = await world.call('POST', '/purchases', order, key);
      const again = await world.call('POST', '/purchases', order, key);
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([
        null,
        'true',
      ]);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      await world.engine.deliver(activationId);
      const later = await world.call('POST', '/purchases', order, key);
      expect([later.status, later.body]).toMatchObject([201, { status: 'active' }]);
      expect([await count(world, 'purchases'), world.engine.begun.length]).toEqual([1, 1]);
    }));

  it('with another body is refused', () =>
    withPlatform(async (world) => {
      await register(world);
      await world.call('POST', '/purchases', order, key);
      const answer = await world.call('POST', '/purchases', { ...order, preDelivery: true }, key);
      expect([answer.status, answer.body]).toEqual([
        422,
        problem(
          'key-mismatch',
          'Use a new Idempotency-Key for a new request, or repeat the first one unchanged.',
        ),
      ]);
    }));

  it('of a shape that is none is refused', () =>
    withPlatform(async (world) => {
      await register(world);
      const answer = await world.call('POST', '/purchases', order, { 'idempotency-key': 'a b' });
      expect([answer.status, answer.body.detail]).toEqual([
        400,
        'An Idempotency-Key has 1 to 128 visible ASCII characters.',
      ]);
    }));

  it('repeats a declined payment as declined', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'declined';
      const first = await world.call('POST', '/purchases', order, key);
      world.engine.payment = 'authorised';
      const again = await world.call('POST', '/purchases', order, key);
      expect([again.status, again.body]).toEqual([402, first.body]);
      expect(await count(world, 'purchases')).toBe(1);
    }));

  it('while the payment is being asked for is answered 409 with Retry-After', () =>
    withPlatform(async (world) => {
      await register(world);
      let letGo = () => {};
      world.engine.hold = new Promise((resolve) => {
        letGo = resolve;
      });
      const first = world.call('POST', '/purchases', order, key);
      const second = await world.call('POST', '/purchases', order, key);
      expect([second.status, second.headers.get('retry-after'), second.body]).toEqual([
        409,
        '1',
        problem('key-in-flight', 'The payment is being asked for. Wait a second and send it again.', {
          purchaseId,
        }),
      ]);
      letGo();
      expect((await first).status).toBe(201);
    }));

  it('of a payment without an answer is not in flight for ever', () =>
    withPlatform(async (world) => {
      await register(world);
      world.engine.payment = 'unanswered';
      await world.call('POST', '/purchases', order, key);
      const again = await world.call('POST', '/purchases', order, key);
      expect([again.status, again.body.activation.phase]).toEqual([201, 'awaiting_payment']);
    }));

  it('of a refused purchase can be used again', () =>
    withPlatform(async (world) => {
      await register(world);
      const unknown = { ...order, customerId: 'bob' };
      expect((await world.call('POST', '/purchases', unknown, key)).status).toBe(404);
      expect(await count(world, 'idempotency_keys')).toBe(0);
      expect((await world.call('POST', '/purchases', order, key)).status).toBe(201);
    }));
});
