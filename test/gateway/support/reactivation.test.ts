import { expect, it } from 'vitest';
import { newReactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { insertActivation } from '../../../gateway/store/activations.ts';
import { placeOrder, vin } from '../../helpers/engine-under-test.ts';
import { type Flow, hour, withFlow } from './flow.ts';
import { look } from './look.ts';

/**
 * A service, bought for an hour or more, that a workshop has taken away, and that reconciliation could not bring back: its
 * ticket is taken up.
 */
async function loseOne({ outside, engine, run }: Flow, hours = 1): Promise<void> {
  outside.vehicle.script = ['applied', 'rejected', 'applied'];
  await engine.begin(
    await placeOrder(outside, { feature: 'heated_seats', duration: { unit: 'hours', count: hours } }),
  );
  await outside.clock.advance(60_000);
  outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
  const place = { vin, serviceId: 'heated_seats', feature: 'heated_seats', policy: standardPolicy };
  const lost = newReactivation({ id: 'act_lost', ...place }, outside.clock.now());
  await outside.database.write((transaction) =>
    insertActivation(transaction, lost, { purchaseId: 'pur_1', parentId: null, priority: 1 }),
  );
  await engine.begin('act_lost');
  await outside.clock.advance(60_000);
  await run({ move: 'start' }, 'act_lost');
}

const owned = ({ outside }: Flow) => outside.database.reader.selectFrom('entitlements').selectAll().execute();

it('lets a technician reactivate a feature after reconciliation failed, without charge, notification or more time', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await loseOne(flow);
    expect(await flow.ticket('act_lost')).toMatchObject({ fields: { priority: 'HIGH' } });
    expect(await flow.run({ move: 'retry' }, 'act_lost')).toBe('waiting_for_activation');
    await outside.clock.advance(60_000);
    expect((await flow.ticket('act_lost')).work.state).toBe('resolved');
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    expect(await owned(flow)).toMatchObject([{ purchase_id: 'pur_1', source: 'purchase', ended_at: null }]);
    expect((await flow.told()).kinds).toEqual([]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
  }));

it('gives no time beyond what was bought: a retry is refused once it is over', () =>
  withFlow(async (flow) => {
    await loseOne(flow);
    await flow.outside.clock.advance(hour);
    expect(await flow.run({ move: 'retry' }, 'act_lost')).toBe(
      'the customer has had the time that they bought',
    );
    expect(await owned(flow)).toMatchObject([{ source: 'purchase', end_cause: 'expired' }]);
  }));

it('grants no time beyond the purchased duration: after its end a delivered retry has no effect, and the ticket stays open', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await loseOne(flow);
    // Ten seconds before the end; the vehicle's answer arrives thirty seconds later.
    await outside.clock.advance(hour - 100_000);
    expect(await flow.run({ move: 'retry' }, 'act_lost')).toBe('waiting_for_activation');
    await outside.clock.advance(60_000);
    expect((await flow.ticket('act_lost')).work.state).toBe('in_progress');
    expect(await flow.record('ticket.retry_failed')).toMatchObject([
      { actor: 'engine', data: { reason: 'what was bought has ended meanwhile' } },
    ]);
    expect((await flow.told()).kinds).toEqual([]);
    await outside.clock.advance(10 * 60_000);
    expect(await owned(flow)).toMatchObject([{ source: 'purchase', end_cause: 'expired' }]);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('dormant');
  }));

it('gives what was bought once: a ticket that is reopened after the end is retried no more', () =>
  withFlow(async (flow) => {
    const { outside, engine } = flow;
    outside.vehicle.script = ['rejected', 'applied'];
    await engine.begin(
      await placeOrder(outside, { feature: 'heated_seats', duration: { unit: 'hours', count: 1 } }),
    );
    await outside.clock.advance(60_000);
    await flow.run({ move: 'start' });
    await flow.run({ move: 'retry' });
    await outside.clock.advance(hour + 10 * 60_000);
    expect(await flow.run({ move: 'reopen', reason: 'the customer called' })).toBe('assigned');
    await flow.run({ move: 'start' });
    expect(await flow.run({ move: 'retry' })).toBe('the customer has had the time that they bought');
    expect(await owned(flow)).toMatchObject([{ source: 'goodwill', end_cause: 'expired' }]);
  }));

it('is brought back by reconciliation when it is lost anew after a retry that delivered, closed or not', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await loseOne(flow, 24);
    expect(await look(flow)).toBe(0);
    await flow.run({ move: 'retry' }, 'act_lost');
    await outside.clock.advance(60_000);
    expect([(await flow.ticket('act_lost')).work.state, await look(flow)]).toEqual(['resolved', 0]);
    outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
    expect(await look(flow)).toBe(1);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    expect(await look(flow)).toBe(0);
  }));

it('is left to the workshop until its appointment, and brought back after it', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await loseOne(flow, 24);
    const appointment = { workshop: 'Workshop North', at: outside.clock.now() + 9 * hour };
    const resolution = { kind: 'service_appointment', appointment } as const;
    expect(await flow.run({ move: 'resolve', resolution }, 'act_lost')).toBe('resolved');
    await outside.clock.advance(9 * hour - 60_000);
    expect(await look(flow)).toBe(0);
    expect(await look(flow)).toBe(1);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
  }));

it('is left alone while its bug waits for development, and brought back once the ticket is closed', () =>
  withFlow(async (flow) => {
    const { outside } = flow;
    await loseOne(flow, 24);
    const resolution = { kind: 'bug_report', reference: 'ECU-7', workaround: 'Use the button.' } as const;
    expect(await flow.run({ move: 'resolve', resolution }, 'act_lost')).toBe('resolved');
    await outside.clock.advance(12 * hour);
    expect(await look(flow)).toBe(0);
    expect(await flow.run({ move: 'close' }, 'act_lost')).toBe('closed');
    expect(await look(flow)).toBe(1);
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
  }));
