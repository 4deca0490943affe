import { expect, it } from 'vitest';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { type PaymentState, PaymentsUnavailable } from '../../../shared/ports/payments.ts';
import {
  bootEngine,
  type Outside,
  placeOrder,
  recordOf,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const hour = 3_600_000;

async function settlementOf(outside: Outside) {
  return (await loadActivation(outside.database.reader, 'act_1'))?.activation.settlement?.status;
}

/** The payment service is down for captures; each call that reaches it is noted with its hour. */
function outage(outside: Outside, status: PaymentState['status']) {
  const startAt = outside.clock.now();
  const hourNow = () => Math.floor((outside.clock.now() - startAt) / hour);
  const world = { isDown: true as boolean, keys: new Map<string, number[]>(), looks: [] as number[] };
  const payments = {
    ...outside.payments.port,
    async capture(request: Parameters<typeof outside.payments.port.capture>[0]) {
      const hours = world.keys.get(request.key) ?? [];
      world.keys.set(request.key, [...new Set([...hours, hourNow()])]);
      if (world.isDown) throw new PaymentsUnavailable('nobody answers');
      return outside.payments.port.capture(request);
    },
    async retrieve(paymentId: string): Promise<PaymentState> {
      world.looks.push(hourNow());
      if (world.looks.length === 1) throw new PaymentsUnavailable('nobody answers');
      return { paymentId, status, capturedMinor: 0, refundedMinor: 0 };
    },
  };
  return { world, payments };
}

it('looks a payment up before it continues a capture after 20 hours, under a new key', () =>
  withOutside(async (outside) => {
    const { world, payments } = outage(outside, 'authorised');
    const engine = await bootEngine(outside, undefined, { payments });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(21 * hour);
    expect(world.keys.get('act_1:capture')).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(world.keys.get('act_1:capture:2')).toEqual([20]);
    expect(world.looks).toEqual([20, 20]);
    world.isDown = false;
    await outside.clock.advance(60_000);
    expect(await settlementOf(outside)).toBe('captured');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture:2']);
    await engine.stop();
  }));

it('takes the payment as it is when the look shows that the capture has happened', () =>
  withOutside(async (outside) => {
    const { world, payments } = outage(outside, 'captured');
    const engine = await bootEngine(outside, undefined, { payments });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(21 * hour);
    expect([...world.keys.keys()]).toEqual(['act_1:capture']);
    expect(await settlementOf(outside)).toBe('captured');
    expect((await recordOf(outside, 'act_1')).filter((type) => type === 'payment.captured')).toHaveLength(1);
    await engine.stop();
  }));

it('sends no order again that was not answered for 20 hours', () =>
  withOutside(async (outside) => {
    outside.payments.unanswered.set('authorise', Number.POSITIVE_INFINITY);
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(20 * hour + 60_000);
    // The service answers again, and would take the order for a new one.
    outside.payments.unanswered.clear();
    await outside.clock.advance(10 * hour);
    expect(await settlementOf(outside)).toBe('unsettled');
    expect((await recordOf(outside, 'act_1')).slice(-2)).toEqual([
      'payment.unsettled',
      'activation.declined',
    ]);
    const purchase = await outside.database.reader.selectFrom('purchases').select('status').execute();
    expect(purchase).toEqual([{ status: 'declined' }]);
    expect(outside.vehicle.commands.size).toBe(0);
    await engine.stop();
  }));
