import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { orderBody, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { success } from './expected.ts';
import { storyOf } from './story.ts';

/** What Stripe answers, with status 400, to an order that no repeat mends. */
const refusals: Readonly<Record<string, string>> = {
  pm_of_a_customer:
    'The PaymentMethod pm_of_a_customer belongs to the Customer cus_1. Please include the Customer in the `customer` parameter on the PaymentIntent',
  pm_used_before:
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again',
};

interface Orders {
  readonly url: string;
  /** `POST /v1/payment_intents` with the form that it brought. */
  readonly forms: readonly URLSearchParams[];
  readonly others: readonly string[];
  close(): Promise<void>;
}

/** A payment service on a socket of its own that refuses these payment methods, but for the one whose customer is given; all else goes to `next`. */
async function payingService(next: () => string): Promise<Orders> {
  const forms: URLSearchParams[] = [];
  const others: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const form = new URLSearchParams(body);
    const isOrder = request.method === 'POST' && request.url === '/v1/payment_intents';
    if (isOrder) forms.push(new URLSearchParams(form));
    else others.push(`${request.method} ${request.url}`);
    const message = refusals[form.get('payment_method') ?? ''];
    if (isOrder && message !== undefined && form.get('customer') !== 'cus_1') {
      response.writeHead(400, { 'content-type': 'application/json', 'request-id': 'req_1' });
      response.end(
        JSON.stringify({
          error: { type: 'invalid_request_error', param: 'payment_method', message: `${message}.` },
        }),
      );
      return;
    }
    if (form.get('customer') === 'cus_1') {
      form.delete('customer');
      form.set('payment_method', 'pm_card_visa');
    }
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    const answer = await fetch(`${next()}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body === '' ? {} : { body: form.toString() }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ forms, others, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function withService(work: (platform: Platform, service: Orders) => Promise<void>): Promise<void> {
  let next = '';
  const service = await payingService(() => next);
  try {
    await withPlatform({ config: { paymentsUrl: service.url } }, async (platform) => {
      next = platform.standIns.paymentsUrl;
      await work(platform, service);
    });
  } finally {
    await service.close();
  }
}

test.each(Object.entries(refusals))(
  'a payment service that refuses the order for good over HTTP (%s) is asked once: 402, no money, nothing left to cancel',
  (paymentMethod, message) =>
    withService(async (platform, { forms, others }) => {
      const { platform: client } = platform.clients;
      const answer = await client.send('POST', '/purchases', orderBody(platform, { paymentMethod }));
      const { purchaseId, activationId } = answer.body as { purchaseId: string; activationId: string };
      expect([answer.status, answer.body]).toEqual([
        402,
        {
          type: 'urn:fleetwake:problem:payment-declined',
          title: 'The payment was declined',
          status: 402,
          detail: `The payment was declined (invalid_request_error: ${message}). Nothing was charged; buy again with another payment method.`,
          purchaseId,
          activationId,
        },
      ]);
      const cancelled = await client.send('POST', `/purchases/${purchaseId}/cancel`);
      expect([cancelled.status, (cancelled.body as { type: string }).type]).toEqual([
        409,
        'urn:fleetwake:problem:not-cancellable',
      ]);
      const { body } = await client.get(`/purchases/${purchaseId}`);
      expect(body).toMatchObject({ status: 'declined' });
      // The vehicle is free for the next purchase, and its activation ends as any other.
      const next = await client.send('POST', '/purchases', orderBody(platform));
      expect(next.status).toBe(201);
      expect(await storyOf(platform, next.body as never)).toMatchObject({ phase: 'active', netMinor: 1490 });
      expect(forms.map((form) => form.get('payment_method'))).toEqual([paymentMethod, 'pm_card_visa']);
      expect(others.filter((request) => !request.includes('/pi_'))).toEqual([]);
    }),
);

test('a saved payment method is charged with the customer of the payment service that the purchase names', () =>
  withService(async (platform, { forms }) => {
    const body = { ...orderBody(platform, { paymentMethod: 'pm_of_a_customer' }), paymentCustomer: 'cus_1' };
    const answer = await platform.clients.platform.send('POST', '/purchases', body);
    expect(answer.status).toBe(201);
    expect(await storyOf(platform, answer.body as never)).toEqual({ ...success, attempts: [null] });
    expect(forms.map((form) => [form.get('payment_method'), form.get('customer')])).toEqual([
      ['pm_of_a_customer', 'cus_1'],
    ]);
  }));
