import { describe, expect, it } from 'vitest';
import {
  type Activation,
  newActivation,
  newDeactivation,
  newManualRetry,
  newReactivation,
} from '../../../gateway/activation/activation.ts';
import type { Failure } from '../../../gateway/activation/failure.ts';
import type { Effect } from '../../../gateway/activation/outstanding.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { keyLifeMs, type Settlement } from '../../../gateway/activation/settlement.ts';
import type { Answer } from '../../../gateway/engine/api-client.ts';
import type { ConfigureAnswer } from '../../../gateway/engine/configure-call.ts';
import { decideStart, runEffect } from '../../../gateway/engine/effects.ts';
import type { EffectDeps } from '../../../gateway/engine/ports.ts';
import type { VehicleApi } from '../../../gateway/engine/vehicle-api.ts';
import type { Entitlement } from '../../../gateway/entitlement/entitlement.ts';
import { insertEntitlement } from '../../../gateway/store/entitlements.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { type PaymentState, type Payments, PaymentsUnavailable } from '../../../shared/ports/payments.ts';
import type { CommandResource, VehicleHealth, VehicleTwin } from '../../../shared/protocol/api-iot.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import { type Outside, payment, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { saveNew } from './rows.ts';
import { vehicleAnswers } from './vehicle-answers.ts';

const startAt = 1_800_000_000_000;
const order = { id: 'act_1', vin, serviceId: 'seats', feature: 'heated_seats', policy: standardPolicy };
const sale = newActivation(order, payment, startAt);

const answers = vehicleAnswers(vin);
const { health } = answers;
const twin: VehicleTwin = {
  ...answers.twin,
  reported: [
    { feature: 'sport_mode', state: 'dormant', version: 0 },
    { feature: 'heated_seats', state: 'dormant', version: 0 },
  ],
};
const command: CommandResource = {
  ...answers.command,
  key: 'act_1:2',
  features: [
    { feature: 'sport_mode', target: 'active', version: 8 },
    { feature: 'heated_seats', target: 'active', version: 9 },
  ],
  acceptedAt: startAt,
  expiresAt: startAt + 300_000,
};

const serverError: Failure = {
  category: 'api_iot_error',
  code: 'http_503',
  message: 'no database',
  temporary: true,
  mayHaveSucceeded: true,
};
const ok = <T>(value: T) => ({ ok: true, value }) as const;
const refused = (change: Partial<Failure> = {}) =>
  ({ ok: false, failure: { ...serverError, ...change } }) as const;

const notAsked = () => Promise.reject(new Error('not asked for'));
const nobody: VehicleApi = {
  configure: notAsked,
  command: notAsked,
  status: notAsked,
  health: notAsked,
  history: notAsked,
};
const noPayments: Payments = {
  authorise: notAsked,
  capture: notAsked,
  void: notAsked,
  refund: notAsked,
  retrieve: notAsked,
};

function effectDeps(change: Partial<EffectDeps> = {}) {
  const clock = manualClock(startAt);
  const deps: EffectDeps = {
    clock,
    random: { fraction: () => 0.25, stream: () => ({}) as never },
    secrets: systemSecrets,
    vehicles: nobody,
    payments: noPayments,
    catalogue: { services: () => [], service: () => null, configuration: () => null, endOf: () => null },
    modelOf: async () => 'aurora-2026',
    callbackUrl: null,
    reservedQuota: 2,
    ...change,
  };
  return { clock, deps };
}

function run(deps: EffectDeps, activation: Activation, effect: Effect) {
  return runEffect(deps, { activation, version: 1, purchaseId: 'pur_1', parentId: null }, effect);
}

describe('The check of the vehicle', () => {
  const check = (status: Answer<VehicleTwin>, healthAnswer: Answer<VehicleHealth> = ok(health)) =>
    run(
      effectDeps({ vehicles: { ...nobody, status: async () => status, health: async () => healthAnswer } })
        .deps,
      sale,
      { type: 'check_vehicle' },
    );
  const checked = (message: string, failure: Failure | null = null) => ({
    type: 'vehicle_checked',
    at: startAt,
    failure,
    message,
  });

  it('stops nothing, whether the vehicle is there or not', async () => {
    expect(await check(ok(twin))).toEqual(checked('online'));
    expect(await check(ok(twin), ok({ ...health, online: false }))).toEqual(checked('offline'));
    expect(await check(ok(twin), refused())).toEqual(checked('health unknown (no database)'));
  });

  it('stops nothing where the status cannot be read now', async () => {
    expect(await check(refused({ message: 'too busy' }))).toEqual(
      checked('online, status unknown: too busy'),
    );
  });

  it('ends it if the vehicle is unknown', async () => {
    const unknown = refused({ category: 'unknown_vehicle', message: 'there is none', temporary: false });
    expect(await check(unknown)).toEqual(checked('online, status unknown: there is none', unknown.failure));
  });

  it('stops nothing where the API IoT alone does not know the vehicle', async () => {
    const unknown = refused({ category: 'unknown_vehicle', message: 'there is none', temporary: true });
    expect(await check(unknown)).toEqual(checked('online, status unknown: there is none'));
  });

  it('stops nothing where the vehicle has not said yet what it has', async () => {
    expect(await check(ok({ ...twin, reported: null }))).toEqual(checked('online'));
  });

  it.each([
    ['aurora-2026', 'aurora-2026'],
    [null, 'unknown'],
  ])('ends it where the vehicle lacks the feature: model %s', async (model, shown) => {
    const reported = (twin.reported ?? []).slice(0, 1);
    expect(await check(ok({ ...twin, model, reported }))).toEqual(
      checked('the feature is not supported', {
        category: 'vehicle_incompatible',
        code: 'feature_not_supported',
        message: `the vehicle (model ${shown}) has no heated_seats`,
        temporary: false,
        mayHaveSucceeded: false,
      }),
    );
  });
});

describe('An attempt in the background', () => {
  const start = (answer: Answer<VehicleHealth>, activation: Activation) =>
    run(effectDeps({ vehicles: { ...nobody, health: async () => answer } }).deps, activation, {
      type: 'start_attempt',
    });
  const revocation = newDeactivation(order, 'revocation', startAt);
  const postponed = (reason: string) => ({ type: 'postponed', at: startAt, reason });

  it('waits for a vehicle that is away, or of which nothing can be read', async () => {
    expect(await start(ok({ ...health, online: false }), revocation)).toEqual(postponed('vehicle_away'));
    expect(await start(refused(), revocation)).toEqual(postponed('vehicle_away'));
  });

  it('leaves two of the quota to those who wait', async () => {
    expect(await start(ok({ ...health, quotaRemaining: 2 }), revocation)).toEqual(
      postponed('quota_reserved'),
    );
    expect(await start(ok({ ...health, quotaRemaining: 3 }), revocation)).toBeTypeOf('function');
  });

  it('is not asked after where a customer waits', async () => {
    expect(await start(ok({ ...health, online: false }), sale)).toBeTypeOf('function');
  });
});

describe('Where an attempt is saved it is decided', () => {
  const at = startAt + 5_000;
  const owned: Entitlement = {
    id: 'ent_1',
    vin,
    feature: 'heated_seats',
    serviceId: 'seats',
    customerId: 'cus_1',
    purchaseId: 'pur_0',
    source: 'purchase',
    validFrom: 0,
    validUntil: null,
    end: null,
  };
  const over: Entitlement = { ...owned, validUntil: 1_000 };
  const retry = newManualRetry(order, 'activation', startAt);
  const back = newReactivation(order, startAt);
  const revocation = newDeactivation(order, 'revocation', startAt);
  const other = { ...order, id: 'act_2', feature: 'sport_mode' };
  /** Bought for the same vehicle, its money held, and waiting for its first attempt. */
  const waiting: Activation = {
    ...newActivation(other, payment, startAt),
    settlement: { ...(sale.settlement as Settlement), status: 'authorised', dueAt: null },
    phase: 'queued_for_activation',
    dueAt: at,
  };
  const sending: Activation = { ...waiting, phase: 'sending_command' };

  interface Scene {
    readonly entitlements?: readonly Entitlement[];
    readonly others?: readonly Activation[];
  }

  async function decide(outside: Outside, activation: Activation, { entitlements = [], others = [] }: Scene) {
    await placeOrder(outside, { id: 'act_0', vin: makeVin('WFWAUR1E', 'TA', 1) });
    await saveNew(outside, activation, 'pur_0');
    for (const one of others) await saveNew(outside, one, null, one.kind === 'activation' ? 0 : 1);
    return outside.database.write(async (transaction) => {
      for (const one of entitlements) await insertEntitlement(transaction, one);
      const { at: decidedAt, ...event } = await decideStart(transaction, activation, at);
      expect(decidedAt).toBe(at);
      return event;
    });
  }

  const begins = { type: 'attempt_started' };
  const waits = { type: 'postponed', reason: 'vehicle_busy' };
  it.each<[string, Activation, Scene, object]>([
    ['a purchase goes', sale, {}, begins],
    ['a purchase of what was owned goes', sale, { entitlements: [over] }, begins],
    ['a purchase of what is owned renews it', sale, { entitlements: [owned] }, { type: 'feature_owned' }],
    ['a purchase waits for the vehicle’s other command', sale, { others: [sending] }, waits],
    ['a purchase waits for nobody else who waits', sale, { others: [waiting] }, begins],
    ['a manual retry goes', retry, {}, begins],
    ['a manual retry of what is owned goes', retry, { entitlements: [owned] }, begins],
    ['a manual retry of what is over ends', retry, { entitlements: [over] }, { type: 'cancel_requested' }],
    ['what was lost and is owned goes', back, { entitlements: [owned] }, begins],
    ['what was lost and is owned no more ends', back, {}, { type: 'cancel_requested' }],
    ['what was lost steps back behind a customer', back, { entitlements: [owned], others: [waiting] }, waits],
    ['a revocation goes', revocation, {}, begins],
    [
      'a revocation of what is owned leaves it on',
      revocation,
      { entitlements: [owned] },
      { type: 'feature_owned' },
    ],
    ['a revocation waits for the vehicle’s other command', revocation, { others: [sending] }, waits],
    ['a revocation steps back behind a customer', revocation, { others: [waiting] }, waits],
    [
      'a revocation goes before a customer whose moment has not come',
      revocation,
      { others: [{ ...waiting, dueAt: at + 1 }] },
      begins,
    ],
    [
      'a revocation waits for what somebody is about to own',
      revocation,
      { others: [{ ...waiting, id: 'act_3', feature: 'heated_seats', dueAt: at + 1 }] },
      waits,
    ],
  ])('%s', (_, activation, scene, event) =>
    withOutside(async (outside) => {
      expect(await decide(outside, activation, scene)).toEqual(event);
    }),
  );
});

describe('A command', () => {
  /** Sends attempt 2, and lets `seconds` pass. */
  async function send(
    answer: (tried: number) => ConfigureAnswer,
    seconds = 0,
    history: VehicleApi['history'] = notAsked,
  ) {
    const asked: unknown[] = [];
    const { clock, deps } = effectDeps({
      vehicles: {
        ...nobody,
        history,
        async configure(known, request, headers) {
          asked.push([clock.now() - startAt, known, request.reference, headers]);
          return answer(asked.length);
        },
      },
    });
    const sending = run(deps, sale, { type: 'send_command', attempt: 2 });
    await clock.advance(seconds * 1_000);
    return { event: await sending, asked };
  }

  it('is accepted with the version of its own feature', async () => {
    const { event, asked } = await send(() => ok(command));
    expect(event).toEqual({
      type: 'command_accepted',
      at: startAt,
      attempt: 2,
      commandId: 'cmd_1',
      version: 9,
      expiresAt: startAt + 300_000,
    });
    expect(asked).toEqual([
      [
        0,
        vin,
        'act_1',
        { key: 'act_1:2', traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) },
      ],
    ]);
  });

  it('has no version where the API IoT names none', async () => {
    const { event } = await send(() => ok({ ...command, features: [] }));
    expect(event).toMatchObject({ type: 'command_accepted', version: null });
  });

  const applied: CommandResource = { ...command, state: 'applied', endedAt: startAt, clock: startAt - 40 };
  const accepted = { type: 'command_accepted', commandId: 'cmd_1', version: 9 };

  it('counts at once when its answer holds the vehicle’s confirmation', async () => {
    expect((await send(() => ok(applied))).event).toEqual([
      expect.objectContaining(accepted),
      { type: 'command_applied', at: startAt, attempt: 2, vehicleClock: startAt - 40 },
    ]);
  });

  it('fails at once when its answer holds the vehicle’s refusal', async () => {
    expect((await send(() => ok({ ...applied, state: 'rejected' }))).event).toMatchObject([
      accepted,
      { type: 'command_failed', attempt: 2, failure: { category: 'vehicle_incompatible', code: 'rejected' } },
    ]);
  });

  it.each<[string, Partial<CommandResource>]>([
    ['of another vehicle', { vin: makeVin('WVW', 'ZZZ1JZ', 7) }],
    ['of other features', { features: [{ feature: 'sport_mode', target: 'active', version: 8 }] }],
    ['that switches it off', { features: [{ feature: 'heated_seats', target: 'dormant', version: 9 }] }],
  ])('is only accepted when its answer holds a confirmation %s', async (_, change) => {
    expect((await send(() => ok({ ...applied, ...change }))).event).toMatchObject({
      type: 'command_accepted',
      attempt: 2,
    });
  });

  it('is refused', async () => {
    expect((await send(() => refused())).event).toEqual({
      type: 'command_failed',
      at: startAt,
      attempt: 2,
      failure: serverError,
      draw: 0.25,
    });
  });

  it.each([60_000, 0, -5_000])('waits for its quota: %i ms', async (askedMs) => {
    const { event } = await send(() => ({ ok: false, retryAt: startAt + askedMs }));
    expect(event).toEqual({ type: 'rate_limited', at: startAt, attempt: 2, retryAt: startAt + askedMs });
  });

  it('is asked for again while another worker sends it, five times a second apart', async () => {
    const inFlight = refused({ code: 'key-in-flight' });
    const { event, asked } = await send(() => inFlight, 10);
    expect(event).toMatchObject({ type: 'command_failed', failure: { code: 'key-in-flight' } });
    expect(asked.map((one) => (one as unknown[])[0])).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  });

  it('is sent again under the same key while the gateway itself was too busy to take the answer, five times', async () => {
    const busy = refused({ category: 'timeout', code: 'transport_busy' });
    const { event, asked } = await send((tried) => (tried < 5 ? busy : ok(command)), 10);
    expect(event).toMatchObject({ type: 'command_accepted', at: startAt + 4_000 });
    expect(asked.map((one) => (one as unknown[])[0])).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
    const { event: last } = await send(() => busy, 10);
    expect(last).toMatchObject({ type: 'command_failed', failure: { code: 'transport_busy' } });
  });

  it('is asked for no more once there is an answer', async () => {
    const inFlight = refused({ code: 'key-in-flight' });
    const { event, asked } = await send((tried) => (tried < 3 ? inFlight : ok(command)), 10);
    expect(event).toMatchObject({ type: 'command_accepted', at: startAt + 2_000 });
    expect(asked).toHaveLength(3);
  });

  const keyMismatch = () => refused({ code: 'key-mismatch' });

  it('is the one that its key has made already with another body', async () => {
    const others = [
      { ...command, id: 'cmd_7', key: 'act_1:1' },
      { ...command, id: 'cmd_8', key: null },
    ];
    const { event, asked } = await send(keyMismatch, 0, async () => ok([...others, command]));
    expect(event).toMatchObject({ ...accepted, attempt: 2 });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, VehicleApi['history']]>([
    ['has none', async () => ok([{ ...command, key: 'act_1:1' }])],
    ['cannot be read', async () => refused()],
    [
      'has another one under the key',
      async () =>
        ok([{ ...command, features: [{ feature: 'heated_seats', target: 'dormant', version: 9 }] }]),
    ],
  ])(
    'fails, and may have succeeded, where its key has another body and the history %s',
    async (_, history) => {
      expect((await send(keyMismatch, 0, history)).event).toMatchObject({
        type: 'command_failed',
        attempt: 2,
        failure: { code: 'key-mismatch', temporary: true, mayHaveSucceeded: true },
      });
    },
  );
});

describe('A poll', () => {
  const poll = (answer: Answer<CommandResource>) =>
    run(effectDeps({ vehicles: { ...nobody, command: async () => answer } }).deps, sale, {
      type: 'poll_command',
      attempt: 2,
      commandId: 'cmd_1',
    });
  const pending = { type: 'command_pending', at: startAt, attempt: 2, draw: 0.25 };

  it('tells what became of the command', async () => {
    expect(await poll(ok(command))).toEqual(pending);
    expect(await poll(ok({ ...command, state: 'applied', clock: 7 }))).toEqual({
      type: 'command_applied',
      at: startAt,
      attempt: 2,
      vehicleClock: 7,
    });
  });

  it('without an answer tells nothing', async () => expect(await poll(refused())).toEqual(pending));
});

describe('A step of the payment', () => {
  const paid: Settlement = { ...(sale.settlement as Settlement), paymentId: 'pi_1' };

  /** The event of a step, and what the payment service was asked. */
  async function pay(
    step: 'authorise' | 'capture' | 'void' | 'refund',
    settlement: Settlement | null,
    answer: () => unknown = () => ({ ok: true, paymentId: 'pi_1', expiresAt: startAt + 7 }),
  ) {
    const asked: unknown[] = [];
    const call = (name: string) => async (request: unknown) => {
      asked.push([name, request]);
      return answer() as never;
    };
    const payments: Payments = {
      authorise: call('authorise'),
      capture: call('capture'),
      void: call('void'),
      refund: call('refund'),
      retrieve: call('retrieve'),
    };
    const event = await run(effectDeps({ payments }).deps, { ...sale, settlement }, { type: 'pay', step });
    return { event, asked };
  }

  it('orders the payment as it was agreed', async () => {
    expect(await pay('authorise', sale.settlement)).toEqual({
      event: { type: 'payment_authorised', at: startAt, paymentId: 'pi_1', holdExpiresAt: startAt + 7 },
      asked: [
        [
          'authorise',
          {
            key: 'act_1:authorise',
            activationId: 'act_1',
            amountMinor: 4_990,
            currency: 'EUR',
            method: 'pm_card_visa',
            capture: 'on_delivery',
            description: `seats for ${vin}`,
          },
        ],
      ],
    });
  });

  it.each([
    ['capture', 'payment_captured'],
    ['void', 'payment_voided'],
    ['refund', 'payment_refunded'],
  ] as const)('%s is done', async (step, type) => {
    expect(await pay(step, paid)).toEqual({
      event: { type, at: startAt },
      asked: [[step, { key: `act_1:${step}`, activationId: 'act_1', paymentId: 'pi_1' }]],
    });
  });

  it('is asked for under a key of its own after each key that lapsed', async () => {
    const { asked } = await pay('capture', { ...paid, keysLapsed: 2 });
    expect(asked).toMatchObject([['capture', { key: 'act_1:capture:3' }]]);
  });

  it('is refused', async () => {
    const no = { ok: false, code: 'card_declined', message: 'no money' };
    expect((await pay('capture', paid, () => no)).event).toEqual({
      type: 'payment_refused',
      at: startAt,
      step: 'capture',
      code: 'card_declined',
      message: 'no money',
    });
  });

  it('is not answered', async () => {
    const lost = () => {
      throw new PaymentsUnavailable('cut off');
    };
    expect((await pay('refund', paid, lost)).event).toEqual({
      type: 'payment_unanswered',
      at: startAt,
      step: 'refund',
      message: 'cut off',
    });
  });

  it('rethrows a bug of the platform', async () => {
    const broken = () => {
      throw new TypeError('a mistake of ours');
    };
    await expect(pay('refund', paid, broken)).rejects.toThrow(new TypeError('a mistake of ours'));
    await expect(pay('void', { ...paid, paymentId: null })).rejects.toThrow('act_1 has no payment to void');
    await expect(pay('void', null)).rejects.toThrow('act_1 has no settlement and cannot void');
  });

  describe('whose key may be forgotten', () => {
    const lapsed = { ...paid, keyedAt: startAt - keyLifeMs };
    const state = (status: PaymentState['status']) => () => ({
      paymentId: 'pi_1',
      status,
      capturedMinor: 0,
      refundedMinor: 0,
    });
    const keyLapsed = (step: string) => ({ type: 'payment_key_lapsed', at: startAt, step });

    it('is looked up, and not sent again, from the moment on at which it lapses', async () => {
      const { asked } = await pay('capture', lapsed, state('authorised'));
      expect(asked).toEqual([['retrieve', 'pi_1']]);
      const inTime = await pay('capture', { ...lapsed, keyedAt: startAt - keyLifeMs + 1 });
      expect(inTime.asked).toMatchObject([['capture', { key: 'act_1:capture' }]]);
    });

    it.each([
      ['capture', 'captured', { type: 'payment_captured', at: startAt }],
      ['capture', 'authorised', keyLapsed('capture')],
      ['void', 'voided', { type: 'payment_voided', at: startAt }],
      ['void', 'declined', { type: 'payment_voided', at: startAt }],
      ['void', 'authorised', keyLapsed('void')],
      ['refund', 'refunded', { type: 'payment_refunded', at: startAt }],
      ['refund', 'captured', keyLapsed('refund')],
    ] as const)('%s of what is %s', async (step, status, event) => {
      expect((await pay(step, lapsed, state(status))).event).toEqual(event);
    });

    it.each(['authorise', 'void'] as const)(
      'cannot be looked up before there is a payment: %s',
      async (step) => {
        const { event, asked } = await pay(step, { ...lapsed, paymentId: null });
        expect([event, asked]).toEqual([keyLapsed(step), []]);
      },
    );

    it('is never taken for a made authorisation, in any state of the payment', async () => {
      expect((await pay('authorise', lapsed, state('captured'))).event).toEqual(keyLapsed('authorise'));
    });

    it('is not answered', async () => {
      const lost = () => {
        throw new PaymentsUnavailable('cut off');
      };
      expect((await pay('void', lapsed, lost)).event).toMatchObject({ type: 'payment_unanswered' });
    });
  });
});
