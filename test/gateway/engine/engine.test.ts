import { expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import { bootEngine, phaseOf, placeOrder, recordOf, withOutside } from '../../helpers/engine-under-test.ts';

const serverError: Failure = {
  category: 'api_iot_error',
  code: 'http_503',
  message: 'unavailable',
  temporary: true,
  mayHaveSucceeded: true,
};

it('takes a purchase to active with one attempt and one capture', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    const id = await placeOrder(outside);
    expect((await engine.begin(id)).phase).toBe('queued_for_activation');
    await outside.clock.advance(31_000);
    expect(await recordOf(outside, id)).toEqual([
      'payment.authorised',
      'activation.payment_confirmed',
      'activation.queued_for_activation',
      'vehicle.checked',
      'activation.sending_command',
      'command.accepted',
      'activation.waiting_response',
      'activation.checking_response',
      'activation.success',
      'activation.notifying_customer',
      'activation.active',
      'payment.captured',
    ]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect([...outside.vehicle.commands.keys()]).toEqual(['act_1:1']);
    expect(outside.notices).toEqual(['act_1 activation.payment_confirmed', 'act_1 activation.active']);
    const [entitlement] = await outside.database.reader.selectFrom('entitlements').selectAll().execute();
    expect(entitlement).toMatchObject({ feature: 'heated_seats', purchase_id: 'pur_1', source: 'purchase' });
    expect((entitlement?.valid_until ?? 0) - (entitlement?.valid_from ?? 0)).toBe(30 * 24 * 3_600_000);
    await engine.stop();
  }));

it('takes a 200 with the vehicle’s confirmation for the delivery, without a poll', () =>
  withOutside(async (outside) => {
    outside.vehicle.confirmsAtOnce = true;
    const engine = await bootEngine(outside);
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(100);
    const stored = await loadActivation(outside.database.reader, id);
    expect(stored?.activation).toMatchObject({
      phase: 'active',
      delivery: { attempt: 1, evidence: 'result' },
      attempts: [{ number: 1, commandId: 'cmd_1', version: 1, failure: null }],
    });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    await engine.stop();
  }));

it('starts six attempts at the back-off of the specification, then escalates, voids and tells', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = [{ ok: false, failure: serverError }];
    const engine = await bootEngine(outside);
    const start = outside.clock.now();
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(3_600_000);
    const stored = await loadActivation(outside.database.reader, id);
    expect(stored?.activation.attempts.map((attempt) => attempt.startedAt - start)).toEqual([
      0, 30_000, 90_000, 210_000, 450_000, 930_000,
    ]);
    expect(stored?.activation.phase).toBe('failed');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(outside.tickets).toEqual(['act_1']);
    expect(outside.notices).toEqual([
      'act_1 activation.payment_confirmed',
      'act_1 activation.notifying_failure',
    ]);
    await engine.stop();
  }));

it('revokes what a failed activation may have switched on, once the vehicle is there', () =>
  withOutside(async (outside) => {
    outside.vehicle.online = false;
    outside.vehicle.script = [...Array(6).fill('timed_out'), 'applied'];
    const engine = await bootEngine(outside);
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(2 * 3_600_000);
    expect(await phaseOf(outside, id)).toBe('failed');
    const revocation = await outside.database.reader
      .selectFrom('activations')
      .selectAll()
      .where('parent_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(revocation).toMatchObject({
      kind: 'revocation',
      phase: 'queued_for_activation',
      settlement: null,
    });
    outside.vehicle.online = true;
    await outside.clock.advance(20 * 60_000);
    expect(await phaseOf(outside, revocation.id)).toBe('dormant');
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('dormant');
    expect(outside.tickets).toEqual([id]);
    await engine.stop();
  }));

it('leaves a feature active that a customer has bought since', () =>
  withOutside(async (outside) => {
    outside.vehicle.online = false;
    outside.vehicle.script = [...Array(6).fill('timed_out'), 'applied'];
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(2 * 3_600_000);
    await engine.begin(await placeOrder(outside, { id: 'act_2' }));
    outside.vehicle.online = true;
    await outside.clock.advance(3_600_000);
    expect(await phaseOf(outside, 'act_2')).toBe('active');
    expect(outside.vehicle.features.get('heated_seats')?.state).toBe('active');
    const revocation = await outside.database.reader
      .selectFrom('activations')
      .select('phase')
      .where('parent_id', '=', 'act_1')
      .executeTakeFirstOrThrow();
    expect(revocation.phase).toBe('superseded');
    await engine.stop();
  }));

it('sends one command at a time to a vehicle, and the next one as soon as it is free', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    await placeOrder(outside);
    await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
    await Promise.all([engine.begin('act_1'), engine.begin('act_2')]);
    await outside.clock.advance(10);
    const waiting = async () =>
      (
        await outside.database.reader
          .selectFrom('activations')
          .select(['id', 'phase'])
          .orderBy('id')
          .execute()
      ).map((row) => `${row.id} ${row.phase}`);
    expect((await waiting()).filter((line) => line.endsWith('waiting_response'))).toHaveLength(1);
    expect((await waiting()).filter((line) => line.endsWith('queued_for_activation'))).toHaveLength(1);
    await outside.clock.advance(30_000);
    await outside.clock.advance(30_000);
    expect(await waiting()).toEqual(['act_1 active', 'act_2 active']);
    await engine.stop();
  }));

it('takes a delivery that only the history knows of as delivery, before it decides about money', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = [
      { ok: false, failure: { ...serverError, temporary: false, category: 'authorization_failure' } },
    ];
    const { api } = outside.vehicle;
    const history: typeof api.history = async () => ({
      ok: true,
      value: [
        {
          id: 'cmd_9',
          vin: '11111111111111111',
          reference: 'act_1',
          key: 'act_1:1',
          state: 'applied',
          features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
          acceptedAt: 0,
          expiresAt: 0,
          endedAt: 0,
          results: null,
          late: true,
          clock: null,
        },
      ],
    });
    Object.assign(api, { history });
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(1_000);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect(outside.tickets).toEqual([]);
    await engine.stop();
  }));

it('waits for Retry-After without spending a retry', () =>
  withOutside(async (outside) => {
    const start = outside.clock.now();
    outside.vehicle.script = [{ ok: false, retryAt: start + 1_800_000 }, 'applied'];
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(2_000_000);
    const stored = await loadActivation(outside.database.reader, 'act_1');
    expect(stored?.activation.phase).toBe('active');
    expect(stored?.activation.attempts.map((attempt) => [attempt.number, attempt.startedAt - start])).toEqual(
      [[1, 1_800_000]],
    );
    await engine.stop();
  }));

it('asks for a lost payment answer again with the same key', () =>
  withOutside(async (outside) => {
    outside.payments.unanswered.set('authorise', 2).set('capture', 3);
    const engine = await bootEngine(outside);
    const begun = await engine.begin(await placeOrder(outside));
    expect(begun.phase).toBe('awaiting_payment');
    await outside.clock.advance(120_000);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    await engine.stop();
  }));

it('finds by its sweep what was saved when NATS lost every wake-up', () =>
  withOutside(async (outside) => {
    // Saved as a purchase saves it, and nothing published: the next engine has an empty bus.
    await placeOrder(outside);
    const engine = await bootEngine(outside);
    await outside.clock.advance(130_000);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    await engine.stop();
  }));

it('lets a thousand waiting activations delay the next one by nothing', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    // A failure of each vehicle itself: one that affects all of them would open the breaker.
    const failure: Failure = { ...serverError, category: 'vehicle_not_ready' };
    outside.vehicle.script = [{ ok: false, failure }];
    const waiting = Array.from({ length: 1_000 }, (_, index) => ({
      id: `act_w${index}`,
      vin: makeVin('WFWAUR1E', 'TA', index),
    }));
    for (const order of waiting) {
      await placeOrder(outside, order);
      await engine.begin(order.id);
    }
    await outside.clock.advance(1);
    const inBackoff = await outside.database.reader
      .selectFrom('activations')
      .select('id')
      .where('phase', '=', 'waiting_backoff')
      .execute();
    expect(inBackoff).toHaveLength(1_000);
    outside.vehicle.script = ['applied'];
    const start = outside.clock.now();
    await engine.begin(await placeOrder(outside));
    // Its answer is polled for after 30 s, as for one that is alone.
    await outside.clock.advance(29_998);
    expect(await phaseOf(outside, 'act_1')).toBe('waiting_response');
    await outside.clock.advance(2);
    expect(outside.clock.now() - start).toBe(30_000);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    await engine.stop();
  }));
