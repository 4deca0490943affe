import { expect, it } from 'vitest';
import {
  bootEngine,
  type Outside,
  phaseOf,
  placeOrder,
  recordOf,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const hour = 3_600_000;
const duration = { unit: 'hours', count: 2 } as const;

async function ownedTimes(outside: Outside) {
  const rows = await outside.database.reader
    .selectFrom('entitlements')
    .selectAll()
    .orderBy('valid_from')
    .execute();
  const [first] = rows;
  return rows.map(({ purchase_id, valid_from, valid_until, end_cause }) => ({
    purchase: purchase_id,
    from: (valid_from - (first?.valid_from ?? 0)) / hour,
    until: valid_until === null ? null : (valid_until - (first?.valid_from ?? 0)) / hour,
    end: end_cause,
  }));
}

const stateOf = (outside: Outside) => outside.vehicle.features.get('heated_seats')?.state;

async function deactivationPhases(outside: Outside): Promise<string[]> {
  const rows = await outside.database.reader
    .selectFrom('activations')
    .select('phase')
    .where('kind', '=', 'deactivation')
    .orderBy('id')
    .execute();
  return rows.map(({ phase }) => phase);
}

it('renews a service that is on: the new time begins where the old one ends, no command is sent, the money is taken', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside, { id: 'act_1', duration }));
    await outside.clock.advance(hour);
    await engine.begin(await placeOrder(outside, { id: 'act_2', duration }));
    await outside.clock.advance(60_000);
    expect(await ownedTimes(outside)).toEqual([
      { purchase: 'pur_1', from: 0, until: 2, end: null },
      { purchase: 'pur_2', from: 2, until: 4, end: null },
    ]);
    expect([...outside.vehicle.commands.keys()]).toEqual(['act_1:1']);
    expect(outside.payments.moves.slice(2)).toEqual(['act_2:authorise', 'act_2:capture']);
    expect(await recordOf(outside, 'act_2')).toEqual([
      'payment.authorised',
      'activation.payment_confirmed',
      'activation.queued_for_activation',
      'vehicle.checked',
      'activation.renewed',
      'activation.notifying_customer',
      'activation.active',
      'payment.captured',
    ]);
    await outside.clock.advance(1.5 * hour);
    expect([stateOf(outside), await deactivationPhases(outside)]).toEqual(['active', []]);
    await outside.clock.advance(2 * hour);
    expect([stateOf(outside), await deactivationPhases(outside)]).toEqual(['dormant', ['dormant']]);
    expect((await ownedTimes(outside)).map(({ end }) => end)).toEqual(['expired', 'expired']);
    await engine.stop();
  }));

it('never switches off what is paid for when a renewal fails', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside, { id: 'act_1', duration }));
    await outside.clock.advance(hour);
    outside.payments.refuse.add('authorise');
    await engine.begin(await placeOrder(outside, { id: 'act_2', duration }));
    expect([await phaseOf(outside, 'act_2'), stateOf(outside)]).toEqual(['declined', 'active']);
    expect(await ownedTimes(outside)).toEqual([{ purchase: 'pur_1', from: 0, until: 2, end: null }]);
    await engine.stop();
  }));

it('activates anew what was to be a renewal and came too late, after the deactivation that is under way', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside, { id: 'act_1', duration }));
    await outside.clock.advance(hour);
    outside.payments.unanswered.set('authorise', 200);
    await engine.begin(await placeOrder(outside, { id: 'act_2', duration }));
    await outside.clock.advance(1.5 * hour);
    expect(await phaseOf(outside, 'act_2')).toBe('awaiting_payment');
    outside.payments.unanswered.clear();
    await outside.clock.advance(hour);
    expect([await phaseOf(outside, 'act_2'), stateOf(outside)]).toEqual(['active', 'active']);
    expect([...outside.vehicle.commands.keys()]).toContain('act_2:1');
    const [first, second] = await ownedTimes(outside);
    expect(first).toMatchObject({ until: 2, end: 'expired' });
    expect(second?.from).toBeGreaterThan(2);
    await engine.stop();
  }));

it('anchors monthly renewals to the day on which the first one began, until a term of another unit', () =>
  withOutside(async (outside) => {
    const month = { unit: 'months', count: 1 } as const;
    await outside.clock.advance(Date.parse('2027-01-31T09:00:00Z') - outside.clock.now());
    const engine = await bootEngine(outside);
    const terms = [month, month, month, { unit: 'days', count: 10 } as const, month];
    for (const [index, bought] of terms.entries()) {
      await engine.begin(await placeOrder(outside, { id: `act_${index + 1}`, duration: bought }));
      await outside.clock.advance(60_000);
    }
    const rows = await outside.database.reader
      .selectFrom('entitlements')
      .select('valid_until')
      .orderBy('valid_from')
      .execute();
    expect(rows.map(({ valid_until }) => new Date(valid_until ?? 0).toISOString().slice(0, 10))).toEqual([
      '2027-02-28',
      '2027-03-31',
      '2027-04-30',
      '2027-05-10',
      '2027-06-10',
    ]);
    await engine.stop();
  }));
