import { expect, it } from 'vitest';
import {
  bootEngine,
  type Outside,
  placeOrder,
  recordOf,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const hour = 3_600_000;
/** How long the services of these tests last. */
const life = 2 * hour;
/** Sweeps come every minute here, and what is overdue counts so after 5 s. */
const sweepMs = 65_000;

/** A service of two hours, delivered now. */
async function deliver(outside: Outside, engine: Awaited<ReturnType<typeof bootEngine>>, id = 'act_1') {
  await engine.begin(await placeOrder(outside, { id, duration: { unit: 'hours', count: 2 } }));
  await outside.clock.advance(31_000);
}

async function deactivations(outside: Outside) {
  const rows = await outside.database.reader
    .selectFrom('activations')
    .select(['id', 'phase', 'purchase_id', 'state'])
    .where('kind', '=', 'deactivation')
    .orderBy('id')
    .execute();
  return rows.map(({ id, phase, purchase_id, state }) => {
    const { attempts } = JSON.parse(state) as { attempts: { startedAt: number }[] };
    return { id, phase, purchase: purchase_id, starts: attempts.map(({ startedAt }) => startedAt) };
  });
}

const stateOf = (outside: Outside) => outside.vehicle.features.get('heated_seats')?.state;

it('switches a service off when its time is over, and moves no money', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await deliver(outside, engine);
    await outside.clock.advance(life - 60_000);
    expect(stateOf(outside)).toBe('active');
    expect(await deactivations(outside)).toEqual([]);
    await outside.clock.advance(60_000 + sweepMs + 31_000);
    expect(stateOf(outside)).toBe('dormant');
    const [deactivation] = await deactivations(outside);
    expect(deactivation).toMatchObject({ phase: 'dormant', purchase: 'pur_1' });
    expect(await recordOf(outside, deactivation?.id ?? '')).toEqual([
      'entitlement.expired',
      'activation.sending_command',
      'command.accepted',
      'activation.waiting_response',
      'activation.checking_response',
      'activation.success',
      'activation.dormant',
    ]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect(outside.notices).toEqual(['act_1 activation.payment_confirmed', 'act_1 activation.active']);
    const [entitlement] = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(entitlement).toMatchObject({ end_cause: 'expired' });
    await engine.stop();
  }));

it('tries a deactivation as often as an activation, then opens its ticket', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await deliver(outside, engine);
    outside.vehicle.script = ['failed'];
    await outside.clock.advance(life + hour);
    const [deactivation] = await deactivations(outside);
    const [first = 0] = deactivation?.starts ?? [];
    expect(deactivation).toMatchObject({ phase: 'failed' });
    // A poll finds each failure 30 s after its attempt began; the back-offs of the specification lie between.
    expect(deactivation?.starts.map((at) => (at - first) / 1_000)).toEqual([0, 60, 150, 300, 570, 1_080]);
    expect(outside.tickets).toEqual([deactivation?.id]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    await engine.stop();
  }));

it('waits for a vehicle that is away, and leaves quota to those who wait', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await deliver(outside, engine);
    outside.vehicle.online = false;
    await outside.clock.advance(life + 2 * hour);
    expect(await deactivations(outside)).toMatchObject([{ phase: 'queued_for_activation', starts: [] }]);
    outside.vehicle.online = true;
    outside.vehicle.quotaRemaining = 2;
    await outside.clock.advance(hour);
    expect(await deactivations(outside)).toMatchObject([{ phase: 'queued_for_activation', starts: [] }]);
    outside.vehicle.quotaRemaining = 10;
    await outside.clock.advance(hour);
    expect(await deactivations(outside)).toMatchObject([{ phase: 'dormant' }]);
    await engine.stop();
  }));

it('ends by the sweep of an engine that was started after the end, once', () =>
  withOutside(async (outside) => {
    const first = await bootEngine(outside);
    await deliver(outside, first);
    await first.stop();
    await outside.clock.advance(life + hour);
    const [second, third] = [await bootEngine(outside), await bootEngine(outside)];
    await outside.clock.advance(hour);
    expect(await deactivations(outside)).toMatchObject([{ phase: 'dormant' }]);
    const ended = await outside.database.reader
      .selectFrom('record')
      .select(['purchase_id', 'actor'])
      .where('type', '=', 'entitlement.expired')
      .execute();
    expect(ended).toEqual([{ purchase_id: 'pur_1', actor: 'engine' }]);
    await second.stop();
    await third.stop();
  }));

it('leaves a feature active that another customer owns', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await deliver(outside, engine);
    const [owned] = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    if (!owned) throw new Error('nothing is owned');
    await outside.database.write((transaction) =>
      transaction
        .insertInto('entitlements')
        .values({ ...owned, id: 'ent_goodwill', source: 'goodwill', valid_until: null })
        .execute(),
    );
    await outside.clock.advance(life + hour);
    expect(stateOf(outside)).toBe('active');
    expect(await deactivations(outside)).toEqual([]);
    await engine.stop();
  }));

it('never switches a permanent service off', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside, { duration: { unit: 'permanent' } }));
    await outside.clock.advance(40 * hour);
    expect(stateOf(outside)).toBe('active');
    expect(await deactivations(outside)).toEqual([]);
    await engine.stop();
  }));
