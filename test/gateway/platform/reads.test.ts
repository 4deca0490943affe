import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idOf, order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { problem } from './problem.ts';

const at = 1_800_000_000_000;

async function buy(world: World, change: object = {}) {
  const { body, status } = await world.call('POST', '/purchases', { ...order, ...change });
  expect(status).toBe(201);
  return body as { id: string; activation: { id: string } };
}

describe('the record of a purchase', () => {
  it('tells everything in order: who, what, when', () =>
    withPlatform(async (world) => {
      await register(world);
      const { id, activation } = await buy(world);
      await world.clock.advance(1_000);
      await world.engine.deliver(activation.id);
      const { status, body } = await world.call('GET', `/purchases/${id}/record?limit=100`);
      expect([status, body.next]).toEqual([200, null]);
      expect(body.events[0]).toEqual({
        sequence: 1,
        id: idOf('rec', 3),
        at,
        type: 'purchase.created',
        what: 'Heated seats was bought',
        cause: "the customer's order",
        actor: 'customer',
        purchaseId: id,
        activationId: activation.id,
        data: {
          customerId: 'ana',
          vin,
          serviceId: 'heated-seats',
          serviceName: 'Heated seats',
          feature: 'heated_seats',
          duration: { unit: 'months', count: 1 },
          price: { amountMinor: 1490, currency: 'EUR' },
          capture: 'on_delivery',
          preDelivery: false,
        },
      });
      const told = body.events.map((one: { type: string; actor: string; at: number }) => [
        one.at - at,
        one.type,
        one.actor,
      ]);
      expect(told).toEqual([
        [0, 'purchase.created', 'customer'],
        [0, 'payment.authorised', 'payments'],
        [0, 'activation.payment_confirmed', 'engine'],
        [0, 'activation.queued_for_activation', 'engine'],
        [1_000, 'vehicle.checked', 'engine'],
        [1_000, 'activation.sending_command', 'engine'],
        [1_000, 'command.accepted', 'api-iot'],
        [1_000, 'activation.waiting_response', 'engine'],
        [1_000, 'activation.checking_response', 'engine'],
        [1_000, 'activation.success', 'vehicle'],
        [1_000, 'activation.notifying_customer', 'engine'],
        [1_000, 'activation.active', 'engine'],
        [1_000, 'payment.captured', 'payments'],
      ]);
    }));

  it('comes in pages without a gap or a repeat', () =>
    withPlatform(async (world) => {
      await register(world);
      const { id, activation } = await buy(world);
      await buy(world, { serviceId: 'ambient-light' });
      await world.engine.deliver(activation.id);
      const pages: number[][] = [];
      let next: string | null = '0';
      while (next !== null) {
        const { body } = await world.call('GET', `/purchases/${id}/record?limit=5&cursor=${next}`);
        pages.push(body.events.map((one: { sequence: number }) => one.sequence));
        next = body.next;
      }
      expect(pages).toEqual([
        [1, 2, 3, 4, 9],
        [10, 11, 12, 13, 14],
        [15, 16, 17],
      ]);
    }));

  it('of no purchase is 404', () =>
    withPlatform(async ({ call }) => {
      const answer = await call('GET', '/purchases/pur_0/record');
      expect([answer.status, answer.body]).toEqual([
        404,
        problem('not-found', 'There is no purchase pur_0.'),
      ]);
    }));
});

describe('a purchase', () => {
  it('that failed is pending support while its ticket is open, and a failed activation once it is closed', () =>
    withPlatform(async (world) => {
      await register(world);
      const { id, activation } = await buy(world);
      await world.engine.reject(activation.id);
      const { body } = await world.call('GET', `/purchases/${id}`);
      expect(body).toMatchObject({
        status: 'failed',
        serviceStatus: 'pending_support',
        activation: { phase: 'failed', settlement: 'voided' },
        ticketId: expect.stringMatching(/^tkt_/),
      });
      await world.database.write((transaction) =>
        transaction.updateTable('tickets').set({ status: 'closed', closed_at: at }).execute(),
      );
      expect((await world.call('GET', `/purchases/${id}`)).body.serviceStatus).toBe('failed_activation');
      expect((await world.call('GET', `/vehicles/${vin}`)).body.services).toEqual([
        {
          serviceId: 'heated-seats',
          feature: 'heated_seats',
          status: 'failed_activation',
          purchaseId: id,
          entitlement: null,
        },
      ]);
    }));

  it('is listed newest first, for one customer or for all, page by page', () =>
    withPlatform(async (world) => {
      await register(world);
      await world.call('PUT', '/customers/bo', { name: 'Bo', email: 'bo@example.com' });
      const services = ['heated-seats', 'ambient-light', 'remote-start', 'range-boost', 'adaptive-cruise'];
      for (const [index, serviceId] of services.entries()) {
        // Two of them in one millisecond: the id decides.
        if (index !== 1) await world.clock.advance(1);
        await buy(world, { serviceId, customerId: index === 2 ? 'bo' : 'ana' });
      }
      const pagesOf = async (query: string) => {
        const pages: string[][] = [];
        let cursor = '';
        for (;;) {
          const { body } = await world.call('GET', `/purchases?limit=2${query}${cursor}`);
          pages.push(body.purchases.map((one: { serviceId: string }) => one.serviceId));
          if (body.next === null) return pages;
          cursor = `&cursor=${body.next}`;
        }
      };
      expect(await pagesOf('')).toEqual([
        ['adaptive-cruise', 'range-boost'],
        ['remote-start', 'ambient-light'],
        ['heated-seats'],
      ]);
      expect(await pagesOf('&customerId=ana')).toEqual([
        ['adaptive-cruise', 'range-boost'],
        ['ambient-light', 'heated-seats'],
      ]);
      expect(await pagesOf('&customerId=bo')).toEqual([['remote-start']]);
      expect(await pagesOf('&customerId=nobody')).toEqual([[]]);
    }));
});

describe('a vehicle', () => {
  it('shows what it owns and until when, what is under way, and what is over', () =>
    withPlatform(async (world) => {
      await register(world);
      const day = { serviceId: 'sport-mode', duration: { unit: 'hours', count: 24 } };
      const sport = await buy(world, day);
      await world.engine.deliver(sport.activation.id);
      const seats = await buy(world, { duration: { unit: 'permanent' } });
      await world.engine.deliver(seats.activation.id);
      const light = await buy(world, { serviceId: 'ambient-light' });
      const { body } = await world.call('GET', `/vehicles/${vin}`);
      expect(body).toEqual({
        vin,
        model: 'aurora-2026',
        modelName: 'Aurora',
        customerId: 'ana',
        registeredAt: at,
        services: [
          {
            serviceId: 'ambient-light',
            feature: 'ambient_light',
            status: 'pending',
            purchaseId: light.id,
            entitlement: null,
          },
          {
            serviceId: 'heated-seats',
            feature: 'heated_seats',
            status: 'active',
            purchaseId: seats.id,
            entitlement: {
              id: expect.stringMatching(/^ent_/),
              source: 'purchase',
              validFrom: at,
              validUntil: null,
              end: null,
            },
          },
          {
            serviceId: 'sport-mode',
            feature: 'sport_mode',
            status: 'active',
            purchaseId: sport.id,
            entitlement: {
              id: expect.stringMatching(/^ent_/),
              source: 'purchase',
              validFrom: at,
              validUntil: at + 24 * 3_600_000,
              end: null,
            },
          },
        ],
      });
      await world.clock.advance(24 * 3_600_000);
      const later = await world.call('GET', `/vehicles/${vin}`);
      expect(later.body.services[2]).toMatchObject({ status: 'ended', entitlement: null });
      const over = (await world.call('GET', `/purchases/${sport.id}`)).body;
      expect(over).toMatchObject({
        status: 'active',
        serviceStatus: 'ended',
        entitlement: { validUntil: at + 24 * 3_600_000 },
      });
    }));

  it('shows the newest purchase of a service, and none whose payment was declined', () =>
    withPlatform(async (world) => {
      await register(world);
      const first = await buy(world);
      await world.engine.reject(first.activation.id);
      await world.clock.advance(1);
      const second = await buy(world);
      await world.engine.reject(second.activation.id);
      world.engine.payment = 'declined';
      await world.clock.advance(1);
      await world.call('POST', '/purchases', order);
      await world.call('POST', '/purchases', { ...order, serviceId: 'ambient-light' });
      const { body } = await world.call('GET', `/vehicles/${vin}`);
      expect(
        body.services.map((one: { purchaseId: string; status: string }) => [one.purchaseId, one.status]),
      ).toEqual([[second.id, 'pending_support']]);
    }));
});

describe('an activation', () => {
  it('shows attempts, delivery, money without the payment method, and notifications', () =>
    withPlatform(async (world) => {
      await register(world);
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const { status, body } = await world.call('GET', `/activations/${activation.id}`);
      expect(status).toBe(200);
      const { notices, ...rest } = body;
      expect(rest).toEqual({
        id: activation.id,
        kind: 'activation',
        origin: null,
        purchaseId: id,
        parentId: null,
        vin,
        serviceId: 'heated-seats',
        feature: 'heated_seats',
        phase: 'active',
        requestedAt: at,
        deadlineAt: at + 24 * 3_600_000,
        dueAt: null,
        endedAt: at,
        attempts: [
          {
            number: 1,
            startedAt: at,
            commandId: 'cmd_1',
            version: 1,
            expiresAt: at + 300_000,
            endedAt: at,
            failure: null,
          },
        ],
        failure: null,
        delivery: { at, attempt: 1, evidence: 'result', vehicleClock: at },
        revocationOwed: false,
        lateSuccessAt: null,
        cancelRequestedAt: null,
        settlement: {
          status: 'captured',
          capture: 'on_delivery',
          amountMinor: 1490,
          currency: 'EUR',
          paymentId: 'pi_1',
          unanswered: 0,
          dueAt: null,
          settleBy: null,
          problem: null,
        },
        ticketId: null,
        // The first half of SHA-256 of its id.
        traceId: createHash('sha256').update(activation.id).digest('hex').slice(0, 32),
        revocationId: null,
      });
      const sent = notices.map((one: { kind: string; channel: string; status: string }) => [
        one.kind,
        one.channel,
        one.status,
      ]);
      expect(sent).toEqual([
        ['payment_confirmed', 'email', 'waiting'],
        ['activation_started', 'email', 'waiting'],
        ['activation_successful', 'email', 'waiting'],
      ]);
    }));

  it('is listed newest first, all or those in a phase', () =>
    withPlatform(async (world) => {
      await register(world);
      const ids: string[] = [];
      for (const serviceId of ['heated-seats', 'ambient-light', 'remote-start']) {
        await world.clock.advance(1);
        ids.unshift((await buy(world, { serviceId })).activation.id);
      }
      const [third, second, first] = ids as [string, string, string];
      await world.engine.deliver(second);
      const listOf = async (query: string) => {
        const { body } = await world.call('GET', `/activations?${query}`);
        return [body.activations.map((one: { id: string }) => one.id), body.next];
      };
      expect(await listOf('')).toEqual([ids, null]);
      expect(await listOf('phase=active')).toEqual([[second], null]);
      const waiting = 'phase=queued_for_activation&limit=1';
      expect(await listOf(waiting)).toEqual([[third], `${at + 3}.${third}`]);
      expect(await listOf(`${waiting}&cursor=${at + 3}.${third}`)).toEqual([[first], null]);
    }));
});

describe('the support desk and the operator', () => {
  it('list tickets as they are worked on, and show one with all of its fields', () =>
    withPlatform(async (world) => {
      await register(world);
      const { id, activation } = await buy(world);
      await world.engine.reject(activation.id);
      const { body } = await world.call('GET', '/tickets');
      expect(body).toEqual({
        tickets: [
          {
            id: expect.stringMatching(/^tkt_/),
            activationId: activation.id,
            purchaseId: id,
            vin,
            serviceId: 'heated-seats',
            priority: 'HIGH',
            status: 'open',
            state: 'assigned',
            assignedTo: 'technician-1',
            openedAt: at,
            responseDueAt: at + 4 * 3_600_000,
            closedAt: null,
            overdue: false,
            incidentId: null,
          },
        ],
        next: null,
      });
      const [ticket] = body.tickets;
      const detail = await world.call('GET', `/tickets/${ticket.id}`);
      expect(detail.body).toEqual({
        ...ticket,
        work: expect.objectContaining({ state: 'assigned', retryId: null, resolution: null }),
        moves: ['assign', 'start', 'comment', 'contact'],
        fields: expect.objectContaining({ vin, ticketId: ticket.id }),
      });
      expect((await world.call('GET', '/tickets?status=closed')).body).toEqual({ tickets: [], next: null });
      const unknown = await world.call('GET', '/tickets/tkt_0');
      expect([unknown.status, unknown.body.detail]).toEqual([404, 'There is no ticket tkt_0.']);
      const bad = await world.call('GET', '/tickets?cursor=x');
      expect([bad.status, bad.body.errors]).toEqual([
        422,
        [{ in: 'query', pointer: '/cursor', message: 'a cursor comes from `next` of the page before' }],
      ]);
    }));

  it('list notifications that no channel accepted, oldest first', () =>
    withPlatform(async (world) => {
      await register(world);
      for (const serviceId of ['heated-seats', 'ambient-light', 'remote-start']) {
        await buy(world, { serviceId });
        await world.clock.advance(1);
      }
      await world.database.write((transaction) =>
        transaction
          .updateTable('notices')
          .set({ status: 'dead', last_error: 'no such mailbox', tries: 8 })
          .where('created_at', '>', at)
          .execute(),
      );
      const first = await world.call('GET', '/notices?status=dead&limit=1');
      expect(first.body.notices).toMatchObject([
        {
          kind: 'payment_confirmed',
          status: 'dead',
          tries: 8,
          lastError: 'no such mailbox',
          createdAt: at + 1,
        },
      ]);
      const second = await world.call('GET', `/notices?status=dead&limit=1&cursor=${first.body.next}`);
      expect(second.body).toMatchObject({ notices: [{ createdAt: at + 2 }], next: null });
    }));

  it('list the money that was refused for good', () =>
    withPlatform(async (world) => {
      await register(world);
      const refuse = async (serviceId: string) => {
        const { id, activation } = await buy(world, { serviceId });
        const one = activation.id;
        await world.engine.apply(one, { type: 'vehicle_checked', at, failure: null, message: '' });
        await world.engine.apply(one, { type: 'attempt_started', at });
        await world.engine.apply(one, { type: 'command_applied', at, attempt: 1, vehicleClock: null });
        await world.engine.apply(one, {
          type: 'payment_refused',
          at,
          step: 'capture',
          code: 'expired_card',
          message: 'The card has expired.',
        });
        return { id, activationId: one };
      };
      const first = await refuse('heated-seats');
      const second = await refuse('ambient-light');
      const page = await world.call('GET', '/settlements?status=uncollectible&limit=1');
      expect(page.body).toEqual({
        settlements: [
          {
            activationId: first.activationId,
            purchaseId: first.id,
            vin,
            serviceId: 'heated-seats',
            phase: 'active',
            overdue: false,
            settlement: {
              status: 'uncollectible',
              capture: 'on_delivery',
              amountMinor: 1490,
              currency: 'EUR',
              paymentId: 'pi_1',
              unanswered: 0,
              dueAt: null,
              settleBy: at + 5 * 24 * 3_600_000,
              problem: 'expired_card: The card has expired.',
            },
            dispute: null,
          },
        ],
        next: first.activationId,
      });
      const rest = await world.call(
        'GET',
        `/settlements?status=uncollectible&limit=1&cursor=${page.body.next}`,
      );
      expect([rest.body.settlements.length, rest.body.settlements[0].purchaseId, rest.body.next]).toEqual([
        1,
        second.id,
        null,
      ]);
      expect((await world.call('GET', '/settlements?status=unsettled')).body.settlements).toEqual([]);
      expect((await world.call('GET', `/purchases/${first.id}`)).body).toMatchObject({
        status: 'payment_failed',
        serviceStatus: 'payment_failed',
      });
    }));
});
