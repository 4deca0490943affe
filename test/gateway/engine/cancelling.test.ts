import { expect, it } from 'vitest';
import { bootEngine, phaseOf, placeOrder, recordOf, withOutside } from '../../helpers/engine-under-test.ts';

const minute = 60_000;

it('stops a purchase that waits between two attempts, after a look at what the vehicle has', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['timed_out'];
    const engine = await bootEngine(outside);
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(5.2 * minute);
    expect(await phaseOf(outside, id)).toBe('waiting_backoff');
    expect((await engine.cancel(id)).phase).toBe('querying_vehicle_state');
    await outside.clock.advance(minute);
    expect(await phaseOf(outside, id)).toBe('cancelled');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect([...outside.vehicle.commands.keys()][0]).toBe('act_1:1');
    expect(outside.tickets).toEqual([]);
    expect((await recordOf(outside, id)).slice(-6)).toEqual([
      'activation.cancel_requested',
      'activation.querying_vehicle_state',
      'revocation.owed',
      'activation.reversing_payment',
      'payment.voided',
      'activation.cancelled',
    ]);
    const [purchase] = await outside.database.reader.selectFrom('purchases').select('status').execute();
    expect(purchase?.status).toBe('cancelled');
    const [revocation] = await outside.database.reader
      .selectFrom('activations')
      .select('parent_id')
      .where('kind', '=', 'revocation')
      .execute();
    expect(revocation?.parent_id).toBe(id);
    await engine.stop();
  }));

it('lets a command that is under way win', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(1_000);
    expect(await phaseOf(outside, id)).toBe('waiting_response');
    expect(await engine.cancel(id)).toMatchObject({ phase: 'waiting_response' });
    await outside.clock.advance(minute);
    expect(await phaseOf(outside, id)).toBe('active');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    await engine.stop();
  }));

it('saves the request: after a crash another engine carries it out', () =>
  withOutside(async (outside) => {
    outside.payments.unanswered.set('authorise', 1);
    const first = await bootEngine(outside);
    const id = await placeOrder(outside);
    await first.begin(id);
    expect(await first.cancel(id)).toMatchObject({ phase: 'awaiting_payment' });
    await first.stop();
    const second = await bootEngine(outside);
    await outside.clock.advance(2 * minute);
    expect(await phaseOf(outside, id)).toBe('cancelled');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(outside.vehicle.commands.size).toBe(0);
    await second.stop();
  }));
