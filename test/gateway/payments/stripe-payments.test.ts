import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Http, TransportError } from '../../../shared/ports/http.ts';
import type { AuthoriseRequest, Payments } from '../../../shared/ports/payments.ts';
import { PaymentsUnavailable } from '../../../shared/ports/payments.ts';
import { settle } from '../../helpers/manual-clock.ts';
import {
  apiKey,
  ledgerLines,
  memoryLog,
  type OpenStandIn,
  openStandIn,
  paymentsOver,
  startAt,
} from '../../helpers/open-payments.ts';

const weekMs = 7 * 24 * 3_600_000;

function order(fields: Partial<AuthoriseRequest> = {}): AuthoriseRequest {
  return {
    key: 'act_1:authorise',
    amountMinor: 4990,
    currency: 'EUR',
    method: 'pm_card_visa',
    capture: 'on_delivery',
    activationId: 'act_1',
    description: 'Heated seats, 12 months',
    ...fields,
  };
}

describe('payments over the stripe package against the stand-in', () => {
  let standIn: OpenStandIn;
  let payments: Payments;
  let seen: Request[];

  beforeEach(async () => {
    standIn = await openStandIn();
    seen = [];
    payments = paymentsOver(async (request) => {
      seen.push(request.clone() as Request);
      return standIn.fetch(request);
    }, standIn.clock);
  });
  afterEach(() => standIn.close());

  async function authorised(fields: Partial<AuthoriseRequest> = {}): Promise<string> {
    const answer = await payments.authorise(order(fields));
    if (!answer.ok) throw new Error(answer.message);
    return answer.paymentId;
  }

  const step = (paymentId: string, name: string) => ({
    key: `act_1:${name}`,
    paymentId,
    activationId: 'act_1',
  });

  test('a hold is granted for seven days and taken on delivery', async () => {
    const answer = await payments.authorise(order());
    expect(answer).toEqual({
      ok: true,
      paymentId: expect.stringMatching(/^pi_[0-9a-z]{26}$/),
      expiresAt: startAt + weekMs,
    });
    const paymentId = answer.ok ? answer.paymentId : '';
    expect(await payments.retrieve(paymentId)).toEqual({
      paymentId,
      status: 'authorised',
      capturedMinor: 0,
      refundedMinor: 0,
    });
    expect(await payments.capture(step(paymentId, 'capture'))).toEqual({
      ok: true,
      paymentId,
      expiresAt: null,
    });
    expect(await payments.retrieve(paymentId)).toEqual({
      paymentId,
      status: 'captured',
      capturedMinor: 4990,
      refundedMinor: 0,
    });
    expect(await ledgerLines(standIn)).toEqual([
      'authorised customer→customer_hold 4990 act_1:authorise',
      'captured customer_hold→merchant 4990 act_1:capture',
    ]);
  });

  test('the request says what Stripe needs to know, and nothing of this machine', async () => {
    const paymentId = await authorised();
    await payments.void(step(paymentId, 'void'));
    expect(standIn.clock.pending()).toEqual([]);
    const [request, second] = seen;
    expect(second?.headers.get('x-stripe-client-telemetry')).toBeNull();
    expect(second?.headers.get('idempotency-key')).toBe('act_1:void');
    expect(request?.method).toBe('POST');
    expect(request?.url).toBe('http://payments.test/v1/payment_intents');
    expect(request?.headers.get('authorization')).toBe(`Bearer ${apiKey}`);
    expect(request?.headers.get('idempotency-key')).toBe('act_1:authorise');
    expect(request?.headers.get('x-stripe-client-user-agent')).not.toContain('telemetry_id');
    expect(Object.fromEntries(new URLSearchParams(await request?.text()))).toEqual({
      amount: '4990',
      currency: 'eur',
      payment_method: 'pm_card_visa',
      'allowed_payment_method_types[0]': 'card',
      capture_method: 'manual',
      confirm: 'true',
      error_on_requires_action: 'true',
      description: 'Heated seats, 12 months',
      'metadata[activation_id]': 'act_1',
      'expand[0]': 'latest_charge',
    });
  });

  test('a payment taken at once is captured with one entry and has no hold that could lapse', async () => {
    const answer = await payments.authorise(order({ capture: 'immediately' }));
    expect(answer).toMatchObject({ ok: true, expiresAt: null });
    expect(await ledgerLines(standIn)).toEqual(['charged customer→merchant 4990 act_1:authorise']);
  });

  test('a declined card is a definite answer and moves no money', async () => {
    expect(await payments.authorise(order({ method: 'pm_card_chargeDeclined' }))).toEqual({
      ok: false,
      code: 'card_declined',
      message: 'Your card was declined.',
    });
    expect(await ledgerLines(standIn)).toEqual([]);
  });

  test('the bank’s reason for a decline is logged and not shown to the customer', async () => {
    const log = memoryLog();
    payments = paymentsOver(standIn.fetch, standIn.clock, log);
    const answer = await payments.authorise(order({ method: 'pm_card_visa_chargeDeclinedStolenCard' }));
    expect(answer).toEqual({ ok: false, code: 'card_declined', message: 'Your card was declined.' });
    expect(log.lines).toEqual([
      {
        level: 'info',
        event: 'payments.refused',
        fields: {
          step: 'authorise',
          activationId: 'act_1',
          code: 'card_declined',
          declineCode: 'stolen_card',
        },
      },
    ]);
  });

  test('a payment method that does not exist is the customer’s matter and a definite answer', async () => {
    expect(await payments.authorise(order({ method: 'pm_nobody' }))).toEqual({
      ok: false,
      code: 'resource_missing',
      message: "No such PaymentMethod: 'pm_nobody'",
    });
  });

  test('refuses a price that the service cannot express at once, and tells the operator', async () => {
    const log = memoryLog();
    payments = paymentsOver(standIn.fetch, standIn.clock, log);
    expect(await payments.authorise(order({ currency: 'KWD', amountMinor: 12_345 }))).toEqual({
      ok: false,
      code: 'amount_not_chargeable',
      message: 'This price cannot be charged.',
    });
    const message = '12345 minor units of KWD cannot be charged: correct the price in the catalogue';
    expect(log.lines).toEqual([
      { level: 'error', event: 'payments.misconfigured', fields: { subject: 'act_1', message } },
    ]);
    expect(await ledgerLines(standIn)).toEqual([]);
  });

  test('refuses a saved payment method without its customer at once, and charges it with its customer', async () => {
    const log = memoryLog();
    payments = paymentsOver(standIn.fetch, standIn.clock, log);
    expect(await payments.authorise(order({ method: 'pm_card_visa_saved' }))).toEqual({
      ok: false,
      code: 'invalid_request_error',
      message:
        'The PaymentMethod belongs to the Customer cus_saved. Please include the Customer in the `customer` parameter on the PaymentIntent.',
    });
    const stranger = order({ key: 'act_2:authorise', method: 'pm_card_visa_saved', customer: 'cus_other' });
    expect(await payments.authorise(stranger)).toMatchObject({ ok: false, code: 'invalid_request_error' });
    const saved = order({ key: 'act_3:authorise', method: 'pm_card_visa_saved', customer: 'cus_saved' });
    expect(await payments.authorise(saved)).toMatchObject({ ok: true });
    expect(log.lines.map(({ level, event }) => [level, event])).toEqual([
      ['info', 'payments.refused'],
      ['info', 'payments.refused'],
    ]);
  });

  test('refuses a payment method that was previously used at once', async () => {
    expect(await payments.authorise(order({ method: 'pm_card_visa_used' }))).toMatchObject({
      ok: false,
      code: 'invalid_request_error',
      message: expect.stringMatching(/^The provided PaymentMethod was previously used with a PaymentIntent/),
    });
  });

  test('refuses an order that no repeat mends at once, and tells the operator', async () => {
    const log = memoryLog();
    payments = paymentsOver(standIn.fetch, standIn.clock, log);
    expect(await payments.authorise(order({ currency: 'EUX' }))).toEqual({
      ok: false,
      code: 'invalid_request_error',
      message: 'Invalid currency: eux',
    });
    expect(log.lines).toEqual([
      {
        level: 'error',
        event: 'payments.misconfigured',
        fields: { subject: 'act_1', message: 'authorise: Invalid currency: eux' },
      },
      {
        level: 'info',
        event: 'payments.refused',
        fields: { step: 'authorise', activationId: 'act_1', code: 'invalid_request_error', declineCode: '' },
      },
    ]);
  });

  test('a capture that the bank declines is a definite answer and releases the hold', async () => {
    const paymentId = await authorised({ method: 'pm_card_captureDeclined' });
    expect(await payments.capture(step(paymentId, 'capture'))).toEqual({
      ok: false,
      code: 'card_declined',
      message: 'Your card was declined.',
    });
    expect((await payments.retrieve(paymentId)).status).toBe('declined');
    expect(await standIn.ledger.net('act_1')).toEqual({
      authorisedMinor: 4990,
      capturedMinor: 0,
      voidedMinor: 4990,
      refundedMinor: 0,
      heldMinor: 0,
      netMinor: 0,
    });
  });

  test('a capture repeated with the same key and with another key is done once and answered the same each time', async () => {
    const paymentId = await authorised();
    const done = { ok: true, paymentId, expiresAt: null };
    expect(await payments.capture(step(paymentId, 'capture'))).toEqual(done);
    expect(await payments.capture(step(paymentId, 'capture'))).toEqual(done);
    expect(await payments.capture(step(paymentId, 'capture:2'))).toEqual(done);
    expect(await ledgerLines(standIn)).toHaveLength(2);
  });

  test('a void releases the hold once, under any key', async () => {
    const paymentId = await authorised();
    const done = { ok: true, paymentId, expiresAt: null };
    expect(await payments.void(step(paymentId, 'void'))).toEqual(done);
    expect(await payments.void(step(paymentId, 'void'))).toEqual(done);
    expect(await payments.void(step(paymentId, 'void:2'))).toEqual(done);
    expect(await ledgerLines(standIn)).toEqual([
      'authorised customer→customer_hold 4990 act_1:authorise',
      'voided customer_hold→customer 4990 act_1:void',
    ]);
  });

  test('a void after the capture is refused and takes nothing back', async () => {
    const paymentId = await authorised();
    await payments.capture(step(paymentId, 'capture'));
    expect(await payments.void(step(paymentId, 'void'))).toEqual({
      ok: false,
      code: 'payment_intent_unexpected_state',
      message:
        'You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture.',
    });
    expect((await standIn.ledger.net('act_1')).netMinor).toBe(4990);
  });

  test('a capture after the void is refused and takes nothing', async () => {
    const paymentId = await authorised();
    await payments.void(step(paymentId, 'void'));
    expect(await payments.capture(step(paymentId, 'capture'))).toMatchObject({
      ok: false,
      code: 'payment_intent_unexpected_state',
    });
    expect((await standIn.ledger.net('act_1')).netMinor).toBe(0);
  });

  test('a refund returns the whole amount once, under any key', async () => {
    const paymentId = await authorised({ capture: 'immediately' });
    const done = { ok: true, paymentId, expiresAt: null };
    expect(await payments.refund(step(paymentId, 'refund'))).toEqual(done);
    expect(await payments.refund(step(paymentId, 'refund'))).toEqual(done);
    expect(await payments.refund(step(paymentId, 'refund:2'))).toEqual(done);
    expect(await payments.retrieve(paymentId)).toEqual({
      paymentId,
      status: 'refunded',
      capturedMinor: 4990,
      refundedMinor: 4990,
    });
    expect(await ledgerLines(standIn)).toEqual([
      'charged customer→merchant 4990 act_1:authorise',
      'refunded merchant→customer 4990 act_1:refund',
    ]);
  });

  test('a refund of a hold is refused: the hold stands', async () => {
    const paymentId = await authorised();
    expect(await payments.refund(step(paymentId, 'refund'))).toEqual({
      ok: false,
      code: 'payment_intent_unexpected_state',
      message: 'This PaymentIntent does not have a successful charge to refund.',
    });
    expect((await standIn.ledger.net('act_1')).heldMinor).toBe(4990);
  });

  test('a refund that fails is a definite answer, and the money is still with the merchant', async () => {
    const paymentId = await authorised({ capture: 'immediately', method: 'pm_card_refundFail' });
    expect(await payments.refund(step(paymentId, 'refund'))).toEqual({
      ok: false,
      code: 'expired_or_canceled_card',
      message: 'The refund failed: expired_or_canceled_card.',
    });
    expect((await payments.retrieve(paymentId)).status).toBe('captured');
    expect((await standIn.ledger.net('act_1')).netMinor).toBe(4990);
  });

  test('a pending refund is no answer yet; the same key learns when it is through', async () => {
    const paymentId = await authorised({ capture: 'immediately', method: 'pm_card_pendingRefund' });
    await expect(payments.refund(step(paymentId, 'refund'))).rejects.toThrow(
      /^the refund re_\w+ is pending$/,
    );
    await standIn.clock.advance(5_000);
    expect(await payments.refund(step(paymentId, 'refund'))).toEqual({
      ok: true,
      paymentId,
      expiresAt: null,
    });
    expect(await ledgerLines(standIn)).toHaveLength(2);
  });

  test('a hold that lapsed is released at that instant and can no longer be captured', async () => {
    const paymentId = await authorised();
    await standIn.clock.advance(weekMs);
    expect((await payments.retrieve(paymentId)).status).toBe('voided');
    expect(await payments.capture(step(paymentId, 'capture'))).toMatchObject({
      ok: false,
      code: 'payment_intent_unexpected_state',
    });
    expect(await payments.void(step(paymentId, 'void'))).toEqual({ ok: true, paymentId, expiresAt: null });
    expect((await standIn.ledger.allEntries()).map(({ kind, at, key }) => ({ kind, at, key }))).toEqual([
      { kind: 'authorised', at: startAt, key: 'act_1:authorise' },
      { kind: 'voided', at: startAt + weekMs, key: null },
    ]);
  });

  test('a capture of an expired hold is refused, also without a look-up before', async () => {
    const paymentId = await authorised();
    await standIn.clock.advance(weekMs);
    expect(await payments.capture(step(paymentId, 'capture'))).toMatchObject({
      ok: false,
      code: 'payment_intent_unexpected_state',
    });
    expect((await standIn.ledger.net('act_1')).netMinor).toBe(0);
  });

  test('an answer that is lost after acting, then the same key: one entry each', async () => {
    const answers: { lost: boolean } = { lost: true };
    const losing: Http = async (request) => {
      const response = await standIn.fetch(request);
      if (answers.lost === false) return response;
      throw new TransportError('reset', 'the connection was reset', true);
    };
    payments = paymentsOver(losing, standIn.clock);
    await expect(payments.authorise(order())).rejects.toThrow(PaymentsUnavailable);
    answers.lost = false;
    const paymentId = await authorised();
    answers.lost = true;
    await expect(payments.capture(step(paymentId, 'capture'))).rejects.toThrow(
      'no answer from the payment service: the connection was reset',
    );
    answers.lost = false;
    expect(await payments.capture(step(paymentId, 'capture'))).toEqual({
      ok: true,
      paymentId,
      expiresAt: null,
    });
    expect(await ledgerLines(standIn)).toEqual([
      'authorised customer→customer_hold 4990 act_1:authorise',
      'captured customer_hold→merchant 4990 act_1:capture',
    ]);
  });

  test('of two calls with one key at the same time, one gets an answer to retry', async () => {
    const [first, second] = await Promise.allSettled([
      payments.authorise(order()),
      payments.authorise(order()),
    ]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect(second).toMatchObject({ reason: expect.any(PaymentsUnavailable) });
    expect(await ledgerLines(standIn)).toHaveLength(1);
  });

  test('a wrong API key is an operator’s matter: no decline, no money, an error in the log', async () => {
    const log = memoryLog();
    payments = paymentsOver(standIn.fetch, standIn.clock, log, 'sk_test_wrong');
    const message = 'authorise: the payment service answered 401: Invalid API Key provided: sk_test_****';
    await expect(payments.authorise(order())).rejects.toThrow(new PaymentsUnavailable(message));
    expect(log.lines).toEqual([
      { level: 'error', event: 'payments.misconfigured', fields: { subject: 'act_1', message } },
    ]);
  });

  test('one key for two different orders is our own fault and never a decline', async () => {
    await payments.authorise(order());
    await expect(payments.authorise(order({ amountMinor: 5000 }))).rejects.toThrow(
      /^authorise: the payment service answered 400: Keys for idempotent requests can only be used with the same parameters/,
    );
    expect(await ledgerLines(standIn)).toHaveLength(1);
  });

  test('an unknown payment is our own fault too', async () => {
    await expect(payments.retrieve('pi_unknown')).rejects.toThrow(
      "retrieve: the payment service answered 404: No such payment_intent: 'pi_unknown'",
    );
    await expect(payments.capture(step('pi_unknown', 'capture'))).rejects.toThrow(PaymentsUnavailable);
  });

  test('amounts are sent in the units that Stripe counts in', async () => {
    const amounts = async (currency: string, amountMinor: number) => {
      seen = [];
      const key = `${currency}:${amountMinor}`;
      const paymentId = await authorised({ key, currency, amountMinor, capture: 'immediately' });
      const sent = new URLSearchParams(await seen[0]?.text()).get('amount');
      return [sent, (await payments.retrieve(paymentId)).capturedMinor];
    };
    expect(await amounts('JPY', 500)).toEqual(['500', 500]);
    expect(await amounts('ISK', 500)).toEqual(['50000', 500]);
    expect(await amounts('KWD', 12_340)).toEqual(['12340', 12_340]);
    expect(await amounts('MGA', 50_000)).toEqual(['500', 50_000]);
    expect(await amounts('XOF', 5_000)).toEqual(['5000', 5_000]);
    expect(await amounts('UGX', 5_000)).toEqual(['500000', 5_000]);
    expect(await amounts('HUF', 5_050)).toEqual(['5050', 5_050]);
    expect(await amounts('TWD', 5_050)).toEqual(['5050', 5_050]);
  });
});

describe('payments when the service misbehaves', () => {
  const withAnswers = async (http: Http, log = memoryLog()) => {
    const standIn = await openStandIn();
    return { standIn, payments: paymentsOver(http, standIn.clock, log) };
  };
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each([
    ['500', json(500, { error: { type: 'api_error', message: 'An unknown error occurred' } })],
    ['503 that is no JSON', new Response('<html>down</html>', { status: 503 })],
    ['429', json(429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many' } })],
    [
      '409',
      json(409, { error: { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'wait' } }),
    ],
    ['200 that is no JSON', new Response('OK')],
    ['a redirect', new Response('', { status: 302, headers: { location: 'http://elsewhere.test/' } })],
  ])('%s is no answer, asked once', async (_, response) => {
    let calls = 0;
    const log = memoryLog();
    const { standIn, payments } = await withAnswers(async () => {
      calls += 1;
      return response;
    }, log);
    await expect(payments.authorise(order())).rejects.toThrow(PaymentsUnavailable);
    expect(calls).toBe(1);
    expect(log.lines.map((line) => line.event)).toEqual(['payments.unanswered']);
    await standIn.close();
  });

  test.each(['refused', 'timeout', 'reset'] as const)(
    'a connection %s is no answer, asked once',
    async (kind) => {
      let calls = 0;
      const { standIn, payments } = await withAnswers(async () => {
        calls += 1;
        // What Node's own errors carry, and what makes the stripe package repeat a request on its own.
        throw Object.assign(new TransportError(kind, `connection ${kind}`, true), { code: 'ECONNRESET' });
      });
      await expect(payments.authorise(order())).rejects.toThrow(
        `no answer from the payment service: connection ${kind}`,
      );
      expect(calls).toBe(1);
      await standIn.close();
    },
  );

  test('silence ends at the time-out of our own clock, and its timer is gone', async () => {
    const { standIn, payments } = await withAnswers(() => new Promise<never>(() => {}));
    const outcome = payments.authorise(order()).catch((error: Error) => error);
    await settle();
    expect(standIn.clock.pending()).toEqual([startAt + 10_000]);
    await standIn.clock.advance(10_000);
    expect(await outcome).toEqual(
      new PaymentsUnavailable('no answer from the payment service: no answer within 10000 ms'),
    );
    expect(standIn.clock.pending()).toEqual([]);
    await standIn.close();
  });

  test('a 500 that is replayed for ever under its key is resolved by looking at the payment', async () => {
    const standIn = await openStandIn();
    const direct = paymentsOver(standIn.fetch, standIn.clock);
    const answer = await direct.authorise(order());
    const paymentId = answer.ok ? answer.paymentId : '';
    const replaying = paymentsOver(async (request) => {
      if (request.method === 'GET') return standIn.fetch(request);
      const body = { error: { type: 'api_error', message: 'An unknown error occurred' } };
      return json(500, body, { 'idempotent-replayed': 'true' });
    }, standIn.clock);
    const capture = { key: 'act_1:capture', paymentId, activationId: 'act_1' };
    await expect(replaying.capture(capture)).rejects.toThrow(PaymentsUnavailable);
    await direct.capture({ ...capture, key: 'act_1:capture:2' });
    expect(await replaying.capture(capture)).toEqual({ ok: true, paymentId, expiresAt: null });
    await standIn.close();
  });
});
