import { expect, it } from 'vitest';
import { newReactivation } from '../../gateway/activation/activation.ts';
import { standardPolicy } from '../../gateway/activation/policy.ts';
import { insertActivation } from '../../gateway/store/activations.ts';
import { placeOrder, vin } from '../engine/support.ts';
import { withFlow } from './flow.ts';

it('lets a technician bring back what reconciliation could not: nobody is charged, told, or given more time', () =>
  withFlow(async (flow) => {
    const { outside, engine } = flow;
    outside.vehicle.script = ['applied', 'rejected', 'applied'];
    await engine.begin(await placeOrder(outside, { feature: 'heated_seats' }));
    await outside.clock.advance(60_000);
    outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
    const place = { vin, serviceId: 'heated_seats', feature: 'heated_seats', policy: standardPolicy };
    const lost = newReactivation({ id: 'act_lost', ...place }, outside.clock.now());
    await outside.database.write((transaction) =>
      insertActivation(transaction, lost, { purchaseId: 'pur_1', parentId: null, priority: 1 }),
    );
    await engine.begin('act_lost');
    await outside.clock.advance(60_000);
    expect(await flow.ticket('act_lost')).toMatchObject({ fields: { priority: 'HIGH' } });
    await flow.run({ move: 'start' }, 'act_lost');
    expect(await flow.run({ move: 'retry' }, 'act_lost')).toBe('waiting_for_activation');
    await outside.clock.advance(60_000);
    expect((await flow.ticket('act_lost')).work.state).toBe('resolved');
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    const owned = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(owned).toMatchObject([{ purchase_id: 'pur_1', source: 'purchase', ended_at: null }]);
    expect((await flow.told()).kinds).toEqual([]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
  }));
