import { expect, it } from 'vitest';
import { order, register, withPlatform } from './support.ts';

it('counts purchase requests by their answer, and tells how many activations are open and how late the engine is', () =>
  withPlatform(async (world) => {
    await register(world);
    const buy = (change: object = {}) =>
      world.call(
        'POST',
        '/purchases',
        { ...order, ...change },
        { 'idempotency-key': JSON.stringify(change) },
      );
    await buy();
    await buy();
    await buy({ preDelivery: true });
    await buy({ serviceId: 'massage' });
    world.engine.payment = 'declined';
    await buy({ serviceId: 'ambient-light' });
    world.engine.payment = 'authorised';
    await buy({ serviceId: 'remote-start' });
    await world.clock.advance(2_500);
    const { status, headers, body } = await world.call('GET', '/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const samples = (body as string).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples).toEqual([
      'fleetwake_purchase_requests_total{answer="created"} 2',
      'fleetwake_purchase_requests_total{answer="replayed"} 1',
      'fleetwake_purchase_requests_total{answer="activation-open"} 1',
      'fleetwake_purchase_requests_total{answer="unknown-service"} 1',
      'fleetwake_purchase_requests_total{answer="payment-declined"} 1',
      'fleetwake_event_streams 0',
      'fleetwake_activations_open 2',
      'fleetwake_activations_overdue 0',
      'fleetwake_settlements_open{status="uncollectible"} 0',
      'fleetwake_settlements_open{status="unsettled"} 0',
      'fleetwake_due_lag_seconds 2.5',
    ]);
    await world.clock.advance(117_500);
    const later = await world.call('GET', '/metrics');
    expect((later.body as string).split('\n')).toEqual(
      expect.arrayContaining(['fleetwake_activations_overdue 2', 'fleetwake_due_lag_seconds 120']),
    );
  }));
