import { describe, expect, it } from 'vitest';
import { moveEntitlement } from '../../../gateway/entitlement/entitlement.ts';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { entitlementOf, saveEnd } from '../../../gateway/store/entitlements.ts';
import { order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';

async function buy(world: World, changes: object = {}) {
  await register(world);
  const { status, body } = await world.call('POST', '/purchases', { ...order, ...changes });
  expect(status).toBe(201);
  return body;
}

const cancel = (world: World, id: string) => world.call('POST', `/purchases/${id}/cancel`);

async function recordOf(world: World, id: string): Promise<string[]> {
  const { body } = await world.call('GET', `/purchases/${id}/record?limit=100`);
  return body.events.map(({ type, actor }: { type: string; actor: string }) => `${type} by ${actor}`);
}

async function deactivations(world: World) {
  const rows = await world.database.reader
    .selectFrom('activations')
    .select(['id', 'phase', 'purchase_id'])
    .where('kind', '=', 'deactivation')
    .execute();
  return rows.map(({ id, phase, purchase_id }) => ({ id, phase, purchaseId: purchase_id }));
}

describe('before the service is active', () => {
  it('gives the money back and tells the customer once that is so', () =>
    withPlatform(async (world) => {
      const { id, activation } = await buy(world);
      const answer = await cancel(world, id);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        status: 'pending',
        activation: {
          phase: 'reversing_payment',
          settlement: 'voiding',
          cancelRequestedAt: 1_800_000_000_000,
        },
      });
      await world.engine.apply(activation.id, { type: 'payment_voided', at: world.clock.now() });
      const { body } = await world.call('GET', `/purchases/${id}`);
      expect(body).toMatchObject({ status: 'cancelled', serviceStatus: 'cancelled', entitlement: null });
      expect((await recordOf(world, id)).slice(-4)).toEqual([
        'activation.cancel_requested by customer',
        'activation.reversing_payment by engine',
        'payment.voided by payments',
        'activation.cancelled by engine',
      ]);
      const { notices, ticketId } = (await world.call('GET', `/activations/${activation.id}`)).body;
      expect(notices.map(({ kind }: { kind: string }) => kind)).toEqual([
        'payment_confirmed',
        'activation_cancelled',
      ]);
      expect(ticketId).toBe(null);
      const again = await cancel(world, id);
      expect([again.status, again.body.detail]).toEqual([409, 'It was cancelled before.']);
      // The feature is free again.
      expect((await world.call('POST', '/purchases', order)).status).toBe(201);
    }));

  it('says what is left when it is too late', () =>
    withPlatform(async (world) => {
      const failed = await buy(world);
      await world.engine.reject(failed.activation.id);
      expect((await cancel(world, failed.id)).body).toMatchObject({
        type: 'urn:fleetwake:problem:not-cancellable',
        detail: 'It has failed: nothing was charged, and nothing is left to cancel.',
        purchaseId: failed.id,
      });
      world.engine.payment = 'declined';
      const { purchaseId } = (await world.call('POST', '/purchases', order)).body;
      expect((await cancel(world, purchaseId)).body.detail).toBe(
        'Its payment was declined: nothing was bought, and nothing is left to cancel.',
      );
      expect((await cancel(world, 'pur_x')).status).toBe(404);
    }));

  it('loses against a delivery between the request and its saving: then the service is ended', () =>
    withPlatform(async (world) => {
      const { id, activation } = await buy(world);
      world.engine.cancel = async (activationId) => {
        await world.engine.deliver(activationId);
        const stored = await loadActivation(world.database.reader, activationId);
        if (stored === null) throw new Error('no activation');
        return stored.activation;
      };
      const answer = await cancel(world, id);
      expect(answer.body).toMatchObject({
        status: 'active',
        serviceStatus: 'ended',
        activation: { id: activation.id, settlement: 'captured' },
        entitlement: { end: { cause: 'cancelled' } },
      });
    }));
});

describe('once the service is active', () => {
  it('ends it at once: a deactivation follows, the payment does not change, the customer is notified once', () =>
    withPlatform(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      await world.clock.advance(5_000);
      const answer = await cancel(world, id);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        status: 'active',
        serviceStatus: 'ended',
        activation: { phase: 'active', settlement: 'captured', cancelRequestedAt: null },
        entitlement: { end: { at: 1_800_000_005_000, cause: 'cancelled' } },
      });
      const [deactivation] = await deactivations(world);
      expect(deactivation).toMatchObject({ phase: 'queued_for_activation', purchaseId: id });
      expect(world.engine.begun).toEqual([activation.id, deactivation?.id]);
      expect((await recordOf(world, id)).slice(-1)).toEqual(['entitlement.cancelled by customer']);
      const { notices } = (await world.call('GET', `/activations/${activation.id}`)).body;
      expect(notices.filter(({ kind }: { kind: string }) => kind === 'service_cancelled')).toHaveLength(1);
      const again = await cancel(world, id);
      expect([again.status, again.body.detail]).toEqual([409, 'The service has ended before.']);
      expect(await deactivations(world)).toHaveLength(1);
    }));

  it('is refused for a service that was renewed, until its renewal is cancelled', () =>
    withPlatform(async (world) => {
      const first = await buy(world);
      await world.engine.deliver(first.activation.id);
      const second = await buy(world);
      const at = world.clock.now();
      await world.engine.apply(second.activation.id, { type: 'feature_owned', at });
      const renewal = (await world.call('GET', `/purchases/${second.id}`)).body;
      expect(renewal.entitlement).toMatchObject({ validFrom: 1_802_678_400_000, end: null });
      expect((await cancel(world, first.id)).body.detail).toBe(
        'The service was renewed: cancel the newest purchase of it first.',
      );
      expect((await cancel(world, second.id)).body.entitlement.end).toEqual({ at, cause: 'cancelled' });
      expect(await deactivations(world)).toEqual([]);
      expect((await cancel(world, first.id)).status).toBe(200);
      expect(await deactivations(world)).toHaveLength(1);
    }));

  it('is refused where the service lasts as long as it was bought for', () =>
    withPlatform(
      async (world) => {
        const { id, activation } = await buy(world);
        await world.engine.deliver(activation.id);
        const answer = await cancel(world, id);
        expect([answer.status, answer.body.detail]).toEqual([
          409,
          'This service lasts as long as it was bought for; it cannot be cancelled once it is active.',
        ]);
        expect(await deactivations(world)).toEqual([]);
      },
      { cancellation: 'refused' },
    ));

  it('is decided again when another process ended it meanwhile', () =>
    withPlatform(async (world) => {
      const { id, activation } = await buy(world);
      await world.engine.deliver(activation.id);
      const { write } = world.database;
      let writes = 0;
      Object.assign(world.database, {
        async write(work: Parameters<typeof write>[0]) {
          writes += 1;
          if (writes > 1) return write(work);
          const row = await world.database.reader
            .selectFrom('entitlements')
            .selectAll()
            .executeTakeFirstOrThrow();
          const ended = moveEntitlement(entitlementOf(row), { type: 'cancelled', at: 1 });
          await write((transaction) => saveEnd(transaction, ended.entitlement));
          return write(work);
        },
      });
      expect((await cancel(world, id)).body.detail).toBe('The service has ended before.');
    }));
});
