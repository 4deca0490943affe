import { describe, expect, it } from 'vitest';
import { newDeactivation, newReactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { readOrder } from '../../../gateway/notifications/notice-insertion.ts';
import { insertActivation } from '../../../gateway/store/activations.ts';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { idOf, order, vin, type World } from '../../helpers/platform-under-test.ts';
import { sampleEvidence } from '../../simulator/reports/sample.ts';
import { support } from './engine.ts';
import { as, withPeople } from './people.ts';

const unread = { unavailable: 'not asked' };
const diagnostics = { status: unread, health: unread, history: unread, configuration: unread };

/** Ana's service is active on her vehicle. */
async function buyActive(world: World, changes: object = {}) {
  const { status, body } = await world.call('POST', '/purchases', { ...order, ...changes });
  expect(status).toBe(201);
  await world.engine.deliver(body.activation.id);
  return body;
}

const sellTo = (world: World, customerId: string | null, name = 'Aurora') =>
  world.call('PUT', `/vehicles/${vin}`, { model: 'aurora-2026', modelName: name, customerId });

/** Something that follows Ana's purchase on the vehicle: reconciliation brings the feature back. */
async function reactivate({ database, clock }: World, purchaseId: string, id = 'act_back'): Promise<void> {
  const place = { vin, serviceId: 'heated-seats', feature: 'heated_seats', policy: standardPolicy };
  const activation = newReactivation({ id, ...place }, clock.now());
  await database.write((transaction) =>
    insertActivation(transaction, activation, { purchaseId, parentId: null, priority: 1 }),
  );
}

async function line({ database, clock }: World, purchaseId: string, activationId: string, type: string) {
  await database.write((transaction) =>
    transaction
      .insertInto('record')
      .values({
        id: `rec_${type}_${activationId}`,
        purchase_id: purchaseId,
        activation_id: activationId,
        at: clock.now(),
        type,
        actor: 'engine',
        data: JSON.stringify({ vin, feature: 'heated_seats', message: 'Bo, is the car at home?' }),
      })
      .execute(),
  );
}

const types = ({ body }: { body: { events: { type: string }[] } }) => body.events.map(({ type }) => type);

describe('A vehicle that is registered for another customer', () => {
  it('takes what is left of its services with it: the old owner cannot cancel, the new one owns, extends and cancels', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      const before = (await as(world, 'ana', 'GET', `/vehicles/${vin}`)).body.services[0].entitlement;
      expect((await sellTo(world, 'bo')).status).toBe(200);
      // Ana's control has ended.
      const refused = await as(world, 'ana', 'POST', `/purchases/${bought.id}/cancel`);
      expect([refused.status, refused.body.type, refused.body.detail]).toEqual([
        409,
        'urn:fleetwake:problem:not-cancellable',
        'The vehicle has another owner now: the service stays with it until its end.',
      ]);
      expect((await world.call('POST', `/purchases/${bought.id}/cancel`)).status).toBe(409);
      expect((await as(world, 'ana', 'GET', `/vehicles/${vin}`)).status).toBe(404);
      // Bo has it, for the same time.
      const { body } = await as(world, 'bo', 'GET', `/vehicles/${vin}`);
      expect(body.services).toEqual([
        {
          serviceId: 'heated-seats',
          feature: 'heated_seats',
          status: 'active',
          purchaseId: null,
          entitlement: before,
        },
      ]);
      const rows = await world.database.reader.selectFrom('entitlements').select('customer_id').execute();
      expect(rows).toEqual([{ customer_id: 'bo' }]);
      // He extends it, and cancels his extension.
      const extended = await as(world, 'bo', 'POST', '/purchases', { ...order, customerId: 'bo' });
      expect(extended.status).toBe(201);
      const { clock, database, engine } = world;
      const at = clock.now();
      await engine.apply(extended.body.activation.id, {
        type: 'vehicle_checked',
        at,
        failure: null,
        message: '',
      });
      await engine.apply(extended.body.activation.id, { type: 'feature_owned', at });
      const renewed = await as(world, 'bo', 'GET', `/purchases/${extended.body.id}`);
      expect(renewed.body.entitlement.validFrom).toBe(before.validUntil);
      expect((await as(world, 'bo', 'POST', `/purchases/${extended.body.id}/cancel`)).status).toBe(200);
      const ends = await database.reader
        .selectFrom('entitlements')
        .select(['purchase_id', 'end_cause'])
        .orderBy('valid_from')
        .execute();
      expect(ends).toEqual([
        { purchase_id: bought.id, end_cause: null },
        { purchase_id: extended.body.id, end_cause: 'cancelled' },
      ]);
      const off = database.reader.selectFrom('activations').select('id').where('kind', '=', 'deactivation');
      expect(await off.execute()).toEqual([]);
    }));

  it('changes no money of the old owner, who still reads what they paid and that the vehicle is another’s', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo');
      const { body } = await as(world, 'ana', 'GET', `/purchases/${bought.id}`);
      expect(body).toMatchObject({
        status: 'active',
        serviceStatus: null,
        entitlement: null,
        transferredAt: 1_800_000_000_000,
        activation: { settlement: bought.activation.settlement === null ? null : expect.any(String) },
      });
      expect((await world.call('GET', `/purchases/${bought.id}`)).body).toMatchObject({
        serviceStatus: 'active',
        entitlement: { source: 'purchase', end: null },
      });
      const record = await as(world, 'ana', 'GET', `/purchases/${bought.id}/record?limit=100`);
      expect(record.body.events.at(-1)).toMatchObject({
        type: 'vehicle.transferred',
        what: 'the vehicle has another owner',
        actor: 'service',
        data: { vin },
      });
      expect(JSON.stringify(record.body)).not.toContain('"bo"');
    }));

  it('hides later events from the old owner: in the history, its export, the list of activations and the data export', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo');
      await reactivate(world, bought.id);
      await line(world, bought.id, 'act_back', 'reconciliation.reactivation');
      await line(world, bought.id, 'act_back', 'ticket.customer_contacted');
      await line(world, bought.id, bought.activation.id, 'payment.refunded');
      const path = `/purchases/${bought.id}/record`;
      const read = types(await as(world, 'ana', 'GET', `${path}?limit=100`));
      expect(read.slice(-2)).toEqual(['vehicle.transferred', 'payment.refunded']);
      expect(types(await as(world, 'ana', 'GET', `${path}/export`))).toEqual(read);
      expect(types(await world.call('GET', `${path}?view=customer&limit=100`))).toEqual(read);
      expect(types(await world.call('GET', `${path}?limit=100`)).slice(-3)).toEqual([
        'reconciliation.reactivation',
        'ticket.customer_contacted',
        'payment.refunded',
      ]);
      const { body } = await as(world, 'ana', 'GET', '/customers/ana/personal-data');
      expect(JSON.stringify(body)).not.toContain('Bo, is the car at home?');
      expect(body.vehicles).toEqual([]);
      const activations = await as(world, 'ana', 'GET', '/activations');
      expect(activations.body.activations.map(({ id }: { id: string }) => id)).toEqual([
        bought.activation.id,
      ]);
      expect((await as(world, 'ana', 'GET', '/activations/act_back')).status).toBe(404);
      expect((await world.call('GET', '/activations/act_back')).status).toBe(200);
    }));

  it('hides them from the stream of events, too', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo');
      await line(world, bought.id, 'act_back', 'reconciliation.reactivation');
      await line(world, bought.id, bought.activation.id, 'payment.refunded');
      const token = await as(world, 'ana', 'POST', '/events/tickets');
      const ticket = new URLSearchParams({ ticket: token.body.ticket, after: '0' });
      const answer = await world.fetch(`/events?${ticket}`);
      const reader = answer.body?.getReader();
      const decoder = new TextDecoder();
      let text = '';
      while (!text.includes('payment.refunded')) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        text += decoder.decode(value);
      }
      await reader?.cancel();
      expect(text).toContain('event: vehicle.transferred');
      expect(text).toContain('event: payment.refunded');
      expect(text).not.toContain('reconciliation.reactivation');
    }));

  it('shows the time in between to no former owner when it comes back to them', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo');
      await line(world, bought.id, 'act_bo', 'reconciliation.reactivation');
      await sellTo(world, 'ana');
      await line(world, bought.id, 'act_ana', 'reconciliation.revocation');
      const { body } = await as(world, 'ana', 'GET', `/purchases/${bought.id}/record?limit=100`);
      expect(body.events.slice(-3).map(({ type }: { type: string }) => type)).toEqual([
        'vehicle.transferred',
        'vehicle.transferred',
        'reconciliation.revocation',
      ]);
      expect((await as(world, 'ana', 'POST', `/purchases/${bought.id}/cancel`)).status).toBe(200);
    }));

  it('is not transferred by a registration without an owner, nor by the same one', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, null);
      await sellTo(world, 'ana');
      expect((await world.call('GET', `/purchases/${bought.id}`)).body.transferredAt).toBe(null);
      await sellTo(world, null);
      expect((await world.call('POST', `/purchases/${bought.id}/cancel`)).status).toBe(200);
    }));

  it('is transferred by a batch, and after an owner who is unknown for a while', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, null);
      const answer = await world.call('POST', '/registrations', {
        vehicles: [{ vin, model: 'aurora-2026', modelName: 'Aurora', customerId: 'bo' }],
      });
      expect(answer.status).toBe(200);
      expect((await as(world, 'ana', 'POST', `/purchases/${bought.id}/cancel`)).status).toBe(409);
      expect(world.log.filter(({ event }) => event === 'platform.vehicle_transferred')).toEqual([
        { event: 'platform.vehicle_transferred', fields: { vin } },
      ]);
    }));

  it('lets its old owner cancel what is not active yet, and gives what is delivered to the new one', () =>
    withPeople(async (world) => {
      const first = (await world.call('POST', '/purchases', order)).body;
      await sellTo(world, 'bo');
      expect((await as(world, 'ana', 'POST', `/purchases/${first.id}/cancel`)).status).toBe(200);
      await world.engine.apply(first.activation.id, { type: 'payment_voided', at: world.clock.now() });
      await sellTo(world, 'ana');
      const second = (await world.call('POST', '/purchases', order)).body;
      await sellTo(world, 'bo');
      await world.engine.deliver(second.activation.id);
      const rows = await world.database.reader.selectFrom('entitlements').selectAll().execute();
      expect(rows.map(({ purchase_id, customer_id }) => [purchase_id, customer_id])).toEqual([
        [second.id, 'bo'],
      ]);
    }));
});

describe('Personal data after a transfer', () => {
  it('of the new owner reaches no ticket or notification of the old one, and the other way round', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo', 'Little Thunder');
      await reactivate(world, bought.id);
      const { database, clock } = world;
      const orders = await database.write(async (transaction) => [
        await readOrder(transaction, bought.activation.id),
        await readOrder(transaction, 'act_back'),
      ]);
      expect(orders).toMatchObject([
        { customerId: 'ana', email: 'ana@example.com', vehicleModel: 'aurora-2026' },
        { customerId: 'bo', email: 'bo@example.com', vehicleModel: 'Little Thunder' },
      ]);
      const place = { vin, serviceId: 'heated-seats', feature: 'heated_seats', policy: standardPolicy };
      const back = newReactivation({ id: 'act_back', ...place }, clock.now());
      const ids = { next: (prefix: string) => idOf(prefix, 7_000_000) };
      await database.write((transaction) =>
        openTicket(transaction, { ids, settings: support }, back, diagnostics, clock.now()),
      );
      const [ticket] = await database.reader.selectFrom('tickets').selectAll().execute();
      expect(ticket?.customer_id).toBe('bo');
      expect(JSON.parse(ticket?.fields ?? '{}')).toMatchObject({
        customerId: 'bo',
        customerEmail: 'bo@example.com',
      });
    }));

  it('of the old owner is erased without a word about the new one, whose activation does not hold it up', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await world.database.write((transaction) =>
        transaction.updateTable('notices').set({ status: 'sent', due_at: null }).execute(),
      );
      await sellTo(world, 'bo');
      await reactivate(world, bought.id);
      const answer = await as(world, 'ana', 'DELETE', '/customers/ana/personal-data');
      expect([answer.status, answer.body]).toMatchObject([200, { customerId: 'ana' }]);
      expect((await as(world, 'bo', 'GET', `/vehicles/${vin}`)).body).toMatchObject({
        customerId: 'bo',
        modelName: 'Aurora',
        services: [{ status: 'active' }],
      });
      const held = await as(world, 'bo', 'DELETE', '/customers/bo/personal-data');
      expect([held.status, held.body.activations]).toEqual([409, ['act_back']]);
    }));

  it('of the new owner is erased from the history of the old owner’s purchase', () =>
    withPeople(async (world) => {
      const bought = await buyActive(world);
      await sellTo(world, 'bo');
      const { clock, database } = world;
      const place = { vin, serviceId: 'heated-seats', feature: 'heated_seats', policy: standardPolicy };
      const later = newDeactivation({ id: 'act_end', ...place }, 'deactivation', clock.now());
      const links = { purchaseId: bought.id, parentId: null, priority: 1 } as const;
      await database.write((transaction) => insertActivation(transaction, later, links));
      await line(world, bought.id, 'act_end', 'ticket.customer_contacted');
      expect((await as(world, 'bo', 'DELETE', '/customers/bo/personal-data')).status).toBe(200);
      const rows = await database.reader.selectFrom('record').select('data').execute();
      expect(rows.filter(({ data }) => data.includes('Bo, is the car at home?'))).toEqual([]);
    }));
});

it('rule 4 reports an entitlement of the old owner, a cancellation after the transfer, and a notification to the wrong owner', () => {
  const evidence = sampleEvidence();
  const { database } = evidence;
  const entitlement = database.entitlements.find(({ ended_at }) => ended_at === null);
  const purchase = database.purchases.find(({ id }) => id === entitlement?.purchase_id);
  if (!entitlement || !purchase) throw new Error('the sample has no entitlement');
  const broken = (change: object) => {
    const moved = { ...purchase, holder_id: 'customer-new', transferred_at: entitlement.valid_from + 1 };
    const rows = {
      ...database,
      purchases: database.purchases.map((one) => (one === purchase ? moved : one)),
      entitlements: database.entitlements.map((one) => (one === entitlement ? { ...one, ...change } : one)),
    };
    const verdict = runChecks({ ...evidence, database: rows }).find(({ id }) => id === 4);
    return verdict?.violations.filter((sentence) => sentence.startsWith(entitlement.id));
  };
  expect(broken({})).toEqual([
    `${entitlement.id}: belongs to ${purchase.customer_id}, but the vehicle to customer-new`,
  ]);
  expect(broken({ customer_id: 'customer-new' })).toEqual([]);
  expect(
    broken({
      customer_id: 'customer-new',
      end_cause: 'cancelled',
      ended_at: entitlement.valid_from + 2,
    }),
  ).toEqual([`${entitlement.id}: cancelled after the vehicle was transferred to customer-new`]);
});
