import { expect, it } from 'vitest';
import { order, register, withPlatform } from '../../helpers/platform-under-test.ts';

it('requeues an open activation with a line in its history, and refuses one that is over', () =>
  withPlatform(async (world) => {
    await register(world);
    const { body: bought } = await world.call('POST', '/purchases', order);
    const activationId = bought.activation.id;
    const requeued = await world.call('POST', `/activations/${activationId}/requeue`);
    expect([requeued.status, requeued.body.id, requeued.body.phase]).toEqual([
      200,
      activationId,
      'queued_for_activation',
    ]);
    const lines = await world.database.reader
      .selectFrom('record')
      .select(['actor', 'purchase_id', 'data'])
      .where('type', '=', 'activation.requeued')
      .execute();
    expect(lines).toEqual([
      { actor: 'operator:developer', purchase_id: bought.id, data: '{"phase":"queued_for_activation"}' },
    ]);
    await world.engine.deliver(activationId);
    const over = await world.call('POST', `/activations/${activationId}/requeue`);
    expect([over.status, over.body.detail]).toEqual([
      409,
      'the activation is active, and nothing of it is due',
    ]);
    expect((await world.call('POST', '/activations/act_none/requeue')).status).toBe(404);
  }));
