import { OpenAPIHono } from '@hono/zod-openapi';
import Stripe from 'stripe';
import { expect, it } from 'vitest';
import type { AppEnv } from '../../../gateway/http/app-env.ts';
import { ProblemError } from '../../../gateway/http/problem.ts';
import type { PlatformDeps } from '../../../gateway/platform/deps.ts';
import { mountPaymentCallbacks } from '../../../gateway/platform/payment-callback-route.ts';
import { silentLog } from '../../../shared/ports/log.ts';

const secret = 'whsec_of_these_tests';
const hour = 3_600_000;
const wallMs = 1_800_000_000_000;

/** Answers an event that is of no interest, signed at this instant, where the clock's own time is two hours behind the wall clock. */
async function statusOf(signedAtMs: number): Promise<number> {
  const app = new OpenAPIHono<AppEnv>();
  const clock = { now: () => wallMs - 2 * hour, wallNow: () => wallMs, setTimer: () => ({ cancel() {} }) };
  const deps = {
    ...{ clock, log: silentLog, config: { paymentsWebhookSecret: secret } },
    ...{ metrics: { countPaymentEvent() {} }, disputes: {}, desk: { onRecorded() {} } },
  };
  mountPaymentCallbacks(app, deps as unknown as PlatformDeps & Parameters<typeof mountPaymentCallbacks>[1]);
  app.onError((error, context) => context.text(error.message, error instanceof ProblemError ? 403 : 500));
  const payload = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'customer.created',
    data: { object: {} },
  });
  const timestamp = signedAtMs / 1_000;
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  return (await app.request('/callbacks/payments', { method: 'POST', headers, body: payload })).status;
}

it('judges the age of a signed event by the wall clock, by which the payment service signs', async () => {
  expect([await statusOf(wallMs), await statusOf(wallMs - 2 * hour)]).toEqual([204, 403]);
});
