import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

interface Event {
  readonly path: string | undefined;
  readonly body: string;
  readonly signature: string;
}

/** A platform that takes the payment service's events. */
async function withReceiver(work: (url: string, events: readonly Event[]) => Promise<void>): Promise<void> {
  const events: Event[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    events.push({ path: request.url, body, signature: String(request.headers['stripe-signature']) });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, events);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const secret = `whsec_${Buffer.from('a secret of this test alone').toString('base64')}`;

test('the payments stand-in takes the key of --payments-key and no other, and signs its events with the secret of --payments-webhook-secret', () =>
  withTemporaryFolder((folder) =>
    withReceiver(async (platformUrl, events) => {
      const flags = ['--payments-key', 'sk_test_own', '--payments-webhook-secret', secret];
      const call = [
        'stand-ins',
        '--payments',
        '--payments-port',
        '0',
        '--platform-url',
        platformUrl,
        '--json',
      ];
      await withFleetwake(folder, [...call, ...flags], async (command) => {
        await until(() => command.stdout().endsWith('\n'), `it starts: ${command.stderr()}`);
        const { payments } = JSON.parse(command.stdout()) as { payments: string };
        const post = (path: string, form: Record<string, string>, key = 'sk_test_own') =>
          fetch(`${payments}${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${key}` },
            body: new URLSearchParams(form),
          });
        const order = {
          ...{ amount: '1490', currency: 'eur', payment_method: 'pm_card_visa' },
          ...{ capture_method: 'automatic', confirm: 'true' },
        };
        expect((await post('/v1/payment_intents', order, 'sk_test_other')).status).toBe(401);
        const paid = await post('/v1/payment_intents', order);
        expect(paid.status, await paid.clone().text()).toBe(200);
        const { id } = (await paid.json()) as { id: string };
        expect((await post('/v1/test_helpers/disputes', { payment_intent: id })).status).toBe(200);
        expect(events.map(({ path }) => path)).toEqual(['/callbacks/payments']);
        const [event] = events;
        const { body = '', signature = '' } = event ?? {};
        const { type } = Stripe.webhooks.constructEvent(body, signature, secret);
        expect(type).toBe('charge.dispute.created');
        expect(() => Stripe.webhooks.constructEvent(body, signature, 'whsec_other')).toThrow();
      });
    }),
  ));
