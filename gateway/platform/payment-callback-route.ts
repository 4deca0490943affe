import { z } from 'zod';
import { wallNow } from '../../shared/ports/clock.ts';
import { PaymentsUnavailable } from '../../shared/ports/payments.ts';
import { type DisputeDeps, takePaymentEvent } from '../disputes/disputes.ts';
import type { App } from '../http/app-env.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { type PaymentServiceEvent, readPaymentEvent } from '../payments/payment-event.ts';
import type { PlatformDeps } from './deps.ts';
import type { Metrics } from './metrics.ts';

const path = '/callbacks/payments';

/** `POST /callbacks/payments`: what the payment service reports by itself, signed as Stripe signs instead of a token. */
export function mountPaymentCallbacks(
  app: App,
  deps: Pick<PlatformDeps, 'clock' | 'log' | 'config' | 'desk'> & {
    readonly metrics: Metrics;
    readonly disputes: DisputeDeps;
  },
): void {
  const { clock, log, metrics, disputes, desk } = deps;
  app.openAPIRegistry.registerPath({
    method: 'post',
    path,
    tags: ['Callbacks'],
    summary: "The payment service's webhook (charge.dispute.created and .closed); signed, no token",
    security: [],
    request: {
      headers: z.object({
        'stripe-signature': z.string().meta({ description: 't=SECONDS,v1=HEX: HMAC-SHA256 of t.body' }),
      }),
      body: { required: true, content: { 'application/json': { schema: z.looseObject({}) } } },
    },
    responses: {
      204: { description: 'Taken, taken before, or of no interest here' },
      400: problemDoc('malformed-request'),
      403: problemDoc('invalid-signature'),
      413: problemDoc('body-too-large'),
      503: problemDoc('unavailable: the payment service did not say whose payment it is; send it again'),
    },
  });
  app.post(path, async (context) => {
    const body = await context.req.text();
    const event = eventOf(deps, context.req.header('stripe-signature') ?? '', body);
    if ('refused' in event) {
      metrics.countPaymentEvent('refused');
      log.warn('platform.payment_event_refused', { reason: event.refused });
      throw problemError('invalid-signature', `The event was refused: ${event.refused}`);
    }
    const answer = await takePaymentEvent(disputes, event, clock.now()).catch((error: unknown) => {
      if (!(error instanceof PaymentsUnavailable)) throw error;
      throw problemError('unavailable', `The payment service does not answer: ${error.message}.`);
    });
    metrics.countPaymentEvent(answer);
    if (answer === 'taken') desk.onRecorded();
    log.info('platform.payment_event', { id: event.id, type: event.type, answer });
    return context.body(null, 204);
  });

  function eventOf(
    { config: { paymentsWebhookSecret: secret } }: Pick<PlatformDeps, 'config'>,
    signature: string,
    body: string,
  ): PaymentServiceEvent | { readonly refused: string } {
    if (secret === undefined) return { refused: 'no secret of the payment service is configured.' };
    try {
      return readPaymentEvent({ secret, now: wallNow(clock) }, signature, body);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw problemError('malformed-request', 'The body is not JSON.');
    }
  }
}
