import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdMs } from '../../../simulator/stand-ins/payments/ledger-rules.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { apiKey, type OpenStandIn, openStandIn, origin, startAt } from '../../helpers/open-payments.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared with literals.
  readonly body: any;
}

const order = {
  amount: '4990',
  currency: 'eur',
  payment_method: 'pm_card_visa',
  capture_method: 'manual',
  confirm: 'true',
  'metadata[activation_id]': 'act_1',
};

async function call(
  standIn: OpenStandIn,
  method: string,
  path: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = method === 'POST' ? { body: new URLSearchParams(form).toString() } : {};
  const response = await standIn.fetch(
    new Request(`${origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...headers },
      ...body,
    }),
  );
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe('the payments stand-in over HTTP', () => {
  let standIn: OpenStandIn;
  beforeEach(async () => {
    standIn = await openStandIn();
  });
  afterEach(() => standIn.close());

  const post = (path: string, form: Record<string, string>, key?: string) =>
    call(standIn, 'POST', path, form, key === undefined ? {} : { 'idempotency-key': key });

  test('a slow card: the hold is made at once, and answered four seconds later', async () => {
    let answer: Answer | null = null;
    const asked = post('/v1/payment_intents', { ...order, payment_method: 'pm_card_slow' }, 'k1').then(
      (given) => {
        answer = given;
      },
    );
    await standIn.clock.advance(3_999);
    expect((await standIn.ledger.allEntries()).map(({ kind, at }) => [kind, at])).toEqual([
      ['authorised', startAt],
    ]);
    expect(answer).toBe(null);
    await standIn.clock.advance(1);
    await asked;
    expect(answer).toMatchObject({ status: 200, body: { status: 'requires_capture' } });
  });

  test('a hanging card: each step is done and its first answer comes after a minute; a repeat under its key is answered at once', async () => {
    const hanging = { ...order, payment_method: 'pm_card_hanging' };
    const waiting: Promise<Answer>[] = [post('/v1/payment_intents', hanging, 'k1')];
    await standIn.clock.advance(0);
    const repeat = await post('/v1/payment_intents', hanging, 'k1');
    expect([repeat.status, repeat.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    const { id } = repeat.body;
    waiting.push(post(`/v1/payment_intents/${id}/capture`, {}, 'k2'));
    await standIn.clock.advance(0);
    expect((await post(`/v1/payment_intents/${id}/capture`, {}, 'k2')).body.status).toBe('succeeded');
    waiting.push(post('/v1/refunds', { payment_intent: id }, 'k3'));
    await standIn.clock.advance(0);
    expect((await post('/v1/refunds', { payment_intent: id }, 'k3')).body.status).toBe('succeeded');
    const given: number[] = [];
    for (const one of waiting) void one.then(({ status }) => given.push(status));
    await standIn.clock.advance(59_999);
    expect(given).toEqual([]);
    await standIn.clock.advance(1);
    expect((await Promise.all(waiting)).map(({ body }) => body.status)).toEqual([
      'requires_capture',
      'succeeded',
      'succeeded',
    ]);
    expect((await standIn.ledger.allEntries()).map(({ kind }) => kind)).toEqual([
      'authorised',
      'captured',
      'refunded',
    ]);
  });

  test('a payment intent looks like Stripe’s', async () => {
    const { status, headers, body } = await post(
      '/v1/payment_intents',
      { ...order, description: 'Seats' },
      'k1',
    );
    expect(status).toBe(200);
    expect(headers.get('request-id')).toMatch(/^req_/);
    expect(headers.get('idempotency-key')).toBe('k1');
    expect(body).toEqual({
      id: expect.stringMatching(/^pi_/),
      object: 'payment_intent',
      amount: 4990,
      amount_capturable: 4990,
      amount_received: 0,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: 'manual',
      created: startAt / 1000,
      currency: 'eur',
      description: 'Seats',
      last_payment_error: null,
      latest_charge: expect.stringMatching(/^ch_/),
      livemode: false,
      metadata: { activation_id: 'act_1' },
      payment_method: 'pm_card_visa',
      payment_method_types: ['card'],
      status: 'requires_capture',
    });
  });

  test('the same key and parameters get the same answer, marked as replayed, even after the payment moved on', async () => {
    const first = await post('/v1/payment_intents', order, 'k1');
    await post(`/v1/payment_intents/${first.body.id}/capture`, {}, 'k2');
    const { 'metadata[activation_id]': activation, ...rest } = order;
    const second = await post(
      '/v1/payment_intents',
      { 'metadata[activation_id]': activation, ...rest },
      'k1',
    );
    expect(second.body).toEqual(first.body);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await standIn.ledger.allEntries()).toHaveLength(2);
  });

  test('a decline is replayed as well, and makes no second payment', async () => {
    const declined = { ...order, payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds' };
    const first = await post('/v1/payment_intents', declined, 'k1');
    const second = await post('/v1/payment_intents', declined, 'k1');
    expect([first.status, second.status]).toEqual([402, 402]);
    expect(second.body).toEqual(first.body);
    expect(first.body.error).toEqual({
      type: 'card_error',
      code: 'card_declined',
      decline_code: 'insufficient_funds',
      message: 'Your card has insufficient funds.',
      payment_intent: expect.objectContaining({ status: 'requires_payment_method', latest_charge: null }),
    });
  });

  test('the same key with other parameters or on another endpoint is an idempotency error', async () => {
    const first = await post('/v1/payment_intents', order, 'k1');
    expect(await post('/v1/payment_intents', { ...order, amount: '1' }, 'k1')).toMatchObject({
      status: 400,
      body: {
        error: {
          type: 'idempotency_error',
          message:
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than 'k1' if you meant to execute a different request.",
        },
      },
    });
    const path = `/v1/payment_intents/${first.body.id}/capture`;
    expect(await post(path, {}, 'k1')).toMatchObject({
      status: 400,
      body: {
        error: {
          type: 'idempotency_error',
          message: `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '/v1/payment_intents'). Try using a key other than 'k1' if you meant to execute a different request.`,
        },
      },
    });
    expect(await standIn.ledger.allEntries()).toHaveLength(1);
  });

  test('a second request with a key in use is answered 409', async () => {
    const answers = await Promise.all([
      post('/v1/payment_intents', order, 'k1'),
      post('/v1/payment_intents', order, 'k1'),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 409]);
    expect(answers[1]?.body.error).toMatchObject({
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
    });
    expect((await post('/v1/payment_intents', order, 'k1')).headers.get('idempotent-replayed')).toBe('true');
  });

  test('wrong parameters leave the key free for the right ones', async () => {
    expect((await post('/v1/payment_intents', { ...order, amount: 'x' }, 'k1')).status).toBe(400);
    expect((await post('/v1/payment_intents', order, 'k1')).status).toBe(200);
  });

  test('a key is forgotten after 24 hours', async () => {
    await post('/v1/payment_intents', order, 'k1');
    await standIn.clock.advance(24 * 3_600_000 - 1);
    expect((await post('/v1/payment_intents', order, 'k1')).headers.get('idempotent-replayed')).toBe('true');
    await standIn.clock.advance(1);
    expect((await post('/v1/payment_intents', order, 'k1')).headers.get('idempotent-replayed')).toBeNull();
    expect(await standIn.ledger.allEntries()).toHaveLength(2);
  });

  test.each([
    ['amount', '0', 'parameter_invalid_integer', 'This value must be greater than or equal to 1.'],
    ['amount', '49.90', 'parameter_invalid_integer', 'Invalid integer: 49.90'],
    ['amount', '-1', 'parameter_invalid_integer', 'Invalid integer: -1'],
    ['amount', '100000000', 'amount_too_large', 'Amount must be no more than 999,999.99.'],
    ['amount', '', 'parameter_missing', 'Missing required param: amount.'],
    ['currency', 'EUR', undefined, 'Invalid currency: EUR'],
    ['payment_method', 'pm_x', 'resource_missing', "No such PaymentMethod: 'pm_x'"],
    ['capture_method', 'later', undefined, 'Invalid capture_method: must be one of automatic or manual'],
    ['confirm', 'false', undefined, 'This stand-in confirms at once: send confirm=true.'],
    ['colour', 'red', 'parameter_unknown', 'Received unknown parameter: colour'],
  ])('%s=%s is refused', async (param, value, code, message) => {
    const { status, body } = await post('/v1/payment_intents', { ...order, [param]: value });
    expect(status).toBe(400);
    const expected = code === undefined ? {} : { code };
    expect(body).toEqual({ error: { type: 'invalid_request_error', ...expected, message, param } });
    expect(await standIn.ledger.allEntries()).toEqual([]);
  });

  test('without the right key there is no answer but 401', async () => {
    for (const authorization of ['', 'Bearer sk_test_other', 'Basic c2s6']) {
      const { status, body } = await call(standIn, 'GET', '/ledger', {}, { authorization });
      expect(status).toBe(401);
      expect(Object.keys(body)).toEqual(['error']);
    }
  });

  test('an unknown address, an unknown payment and a body beyond the limit are answered as Stripe would', async () => {
    expect((await call(standIn, 'GET', '/v1/charges')).body).toEqual({
      error: {
        type: 'invalid_request_error',
        message: 'Unrecognized request URL (GET: /v1/charges).',
      },
    });
    expect((await call(standIn, 'GET', '/v1/payment_intents/pi_x')).body).toEqual({
      error: {
        type: 'invalid_request_error',
        code: 'resource_missing',
        message: "No such payment_intent: 'pi_x'",
        param: 'id',
      },
    });
    expect((await post('/v1/payment_intents', { description: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await post('/v1/payment_intents', order, 'k'.repeat(256))).status).toBe(400);
  });

  test('the ledger is read page by page', async () => {
    for (const key of ['k1', 'k2', 'k3']) await post('/v1/payment_intents', order, key);
    const first = (await call(standIn, 'GET', '/ledger?limit=2')).body;
    expect(first.entries.map((entry: { key: string }) => entry.key)).toEqual(['k1', 'k2']);
    const second = (await call(standIn, 'GET', `/ledger?limit=2&after=${first.next}`)).body;
    expect(second).toEqual({
      entries: [
        {
          sequence: 3,
          at: startAt,
          kind: 'authorised',
          from: 'customer',
          to: 'customer_hold',
          amountMinor: 4990,
          currency: 'EUR',
          paymentId: expect.stringMatching(/^pi_/),
          activationId: 'act_1',
          key: 'k3',
        },
      ],
      next: null,
    });
    expect((await call(standIn, 'GET', '/ledger?limit=0')).status).toBe(400);
  });

  test('an entry of the ledger can be neither changed nor removed', async () => {
    await post('/v1/payment_intents', order, 'k1');
    await expect(
      standIn.database.write((transaction) =>
        transaction.updateTable('ledger_entries').set({ amount: 1 }).execute(),
      ),
    ).rejects.toThrow('the ledger is append-only');
    await expect(
      standIn.database.write((transaction) => transaction.deleteFrom('ledger_entries').execute()),
    ).rejects.toThrow('the ledger is append-only');
  });

  test('a restart forgets neither payments nor keys nor the ledger nor when a hold lapses', async () => {
    await withTemporaryFolder(async (folder) => {
      const clock = manualClock(startAt);
      const before = await openStandIn(`${folder}/payments.db`, clock);
      const headers = { 'idempotency-key': 'k1' };
      const first = await call(before, 'POST', '/v1/payment_intents', order, headers);
      await before.close();
      const after = await openStandIn(`${folder}/payments.db`, clock);
      const second = await call(after, 'POST', '/v1/payment_intents', order, headers);
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('idempotent-replayed')).toBe('true');
      expect((await after.ledger.net('act_1')).heldMinor).toBe(4990);
      await clock.advance(holdMs);
      const lapsed = await call(after, 'GET', `/v1/payment_intents/${first.body.id}`);
      expect(lapsed.body).toMatchObject({ status: 'canceled', canceled_at: (startAt + holdMs) / 1000 });
      expect((await after.ledger.net('act_1')).heldMinor).toBe(0);
      await after.close();
    });
  });
});
