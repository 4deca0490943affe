import Stripe from 'stripe';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import {
  type AuthoriseRequest,
  type ListedPayment,
  type PaymentAnswer,
  type PaymentList,
  type PaymentPage,
  type PaymentRequest,
  type PaymentState,
  type Payments,
  PaymentsUnavailable,
} from '../../shared/ports/payments.ts';
import { maskSecrets } from '../../shared/protocol/known-secrets.ts';
import { toStripeAmount } from './currency-units.ts';
import { reached } from './reached.ts';
import {
  holdExpiresAt,
  type Intent,
  listedPayment,
  type Refusal,
  refusalOf,
  type StripeStep,
  stateOf,
} from './stripe-answer.ts';
import { StripeClientOverHttpPort } from './stripe-http-client.ts';

export interface StripePaymentsOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  /** `https://api.stripe.com`, or the stand-in's. A path is not possible. */
  readonly origin: string;
  readonly apiKey: string;
  /** For one whole call, its answer included. */
  readonly timeoutMs: number;
}

/** The largest page that Stripe gives. */
const pageMax = 100;

function newStripe(options: StripePaymentsOptions): Stripe {
  const { http, clock, origin, apiKey, timeoutMs } = options;
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  return new Stripe(apiKey, {
    protocol: secure ? 'https' : 'http',
    host: url.hostname,
    port: url.port || (secure ? 443 : 80),
    httpClient: new StripeClientOverHttpPort(http, clock, url.origin),
    timeout: timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** The payments port's operations over one stripe client. */
class StripePayments implements Payments, PaymentList {
  readonly #stripe: Stripe;
  readonly #log: Log;
  readonly #apiKey: string;

  constructor(options: StripePaymentsOptions) {
    this.#apiKey = options.apiKey;
    this.#stripe = newStripe(options);
    this.#log = options.log;
  }

  async authorise(request: AuthoriseRequest): Promise<PaymentAnswer> {
    const { key, currency, activationId } = request;
    const amount = toStripeAmount(request.amountMinor, currency);
    if (amount === null) {
      const message = `${request.amountMinor} minor units of ${currency} cannot be charged: correct the price in the catalogue`;
      this.#log.error('payments.misconfigured', { subject: activationId, message });
      // Nothing was sent, and nothing else would come of it later.
      return { ok: false, code: 'amount_not_chargeable', message: 'This price cannot be charged.' };
    }
    const outcome = await this.#call('authorise', () =>
      this.#stripe.paymentIntents.create(
        {
          amount,
          currency: currency.toLowerCase(),
          payment_method: request.method,
          ...(request.customer === undefined ? {} : { customer: request.customer }),
          allowed_payment_method_types: ['card'],
          capture_method: request.capture === 'on_delivery' ? 'manual' : 'automatic',
          confirm: true,
          // The customer is not present to answer the bank: a payment that needs this is declined.
          error_on_requires_action: true,
          description: request.description,
          metadata: {
            activation_id: activationId,
            ...(request.epoch === undefined ? {} : { epoch: request.epoch }),
          },
          expand: ['latest_charge'],
        },
        { idempotencyKey: key },
      ),
    );
    if ('refusal' in outcome) return this.#refused('authorise', activationId, outcome.refusal);
    return this.#authorised(outcome.value);
  }

  async #authorised(first: Intent): Promise<PaymentAnswer> {
    // A repeat under the same key gets the first answer, even an old one: only a new query returns the current state.
    const intent = first.status === 'processing' ? await this.#intent(first.id) : first;
    const state = stateOf(intent);
    if (state === null) throw new PaymentsUnavailable('the payment service is still processing the payment');
    if (state.status === 'declined') {
      return { ok: false, code: intent.status, message: `The payment ended as ${intent.status}.` };
    }
    return { ok: true, paymentId: intent.id, expiresAt: holdExpiresAt(intent) };
  }

  capture(request: PaymentRequest): Promise<PaymentAnswer> {
    return this.#step('capture', request, async (options) => {
      const intent = await this.#stripe.paymentIntents.capture(request.paymentId, {}, options);
      return intent.status === 'succeeded';
    });
  }

  void(request: PaymentRequest): Promise<PaymentAnswer> {
    return this.#step('void', request, async (options) => {
      const intent = await this.#stripe.paymentIntents.cancel(request.paymentId, {}, options);
      return intent.status === 'canceled';
    });
  }

  async refund(request: PaymentRequest): Promise<PaymentAnswer> {
    let failure: string | null = null;
    const answer = await this.#step('refund', request, async (options) => {
      const parameters = { payment_intent: request.paymentId };
      const first = await this.#stripe.refunds.create(parameters, options);
      // The answer to a repeat is the first one's; a refund that was pending then may be through by now.
      const refund = first.status === 'succeeded' ? first : await this.#stripe.refunds.retrieve(first.id);
      if (refund.status === 'failed' || refund.status === 'canceled') {
        failure = refund.failure_reason ?? refund.status;
        return true;
      }
      if (refund.status === 'succeeded') return true;
      throw new PaymentsUnavailable(`the refund ${refund.id} is ${refund.status}`);
    });
    if (failure === null) return answer;
    const message = `The refund failed: ${failure}.`;
    this.#log.warn('payments.refund_failed', { activationId: request.activationId, reason: failure });
    return { ok: false, code: failure, message };
  }

  async retrieve(paymentId: string): Promise<PaymentState> {
    const state = stateOf(await this.#intent(paymentId));
    if (state === null) throw new PaymentsUnavailable('the payment service is still processing the payment');
    return state;
  }

  async list(after: string | null): Promise<PaymentPage> {
    const outcome = await this.#call('retrieve', () =>
      this.#stripe.paymentIntents.list({
        limit: pageMax,
        expand: ['data.latest_charge'],
        ...(after === null ? {} : { starting_after: after }),
      }),
    );
    if ('refusal' in outcome) throw this.#unavailable('list', after ?? 'payments', outcome.refusal);
    return { payments: outcome.value.data.map(listedPayment), hasMore: outcome.value.has_more };
  }

  async find(paymentId: string): Promise<ListedPayment | null> {
    const outcome = await this.#call('retrieve', () =>
      this.#stripe.paymentIntents.retrieve(paymentId, { expand: ['latest_charge'] }),
    );
    if ('value' in outcome) return listedPayment(outcome.value);
    if (outcome.refusal.kind === 'ours' && outcome.refusal.isMissing) return null;
    throw this.#unavailable('find', paymentId, outcome.refusal);
  }

  async #intent(paymentId: string): Promise<Intent> {
    const outcome = await this.#call('retrieve', () =>
      this.#stripe.paymentIntents.retrieve(paymentId, { expand: ['latest_charge'] }),
    );
    if ('value' in outcome) return outcome.value;
    throw this.#unavailable('retrieve', paymentId, outcome.refusal);
  }

  /** One step on an existing payment. `run` tells whether the answer says that the step was taken. */
  async #step(
    wanted: keyof typeof reached,
    request: PaymentRequest,
    run: (options: { idempotencyKey: string }) => Promise<boolean>,
  ): Promise<PaymentAnswer> {
    const { paymentId, activationId } = request;
    const done: PaymentAnswer = { ok: true, paymentId, expiresAt: null };
    const outcome = await this.#call(wanted, () => run({ idempotencyKey: request.key }));
    if ('value' in outcome && outcome.value) return done;
    const refusal = 'refusal' in outcome ? outcome.refusal : null;
    // A refusal, or a repeated old answer, does not show the current state of the payment: query the payment itself.
    const lookFirst = refusal === null || refusal.kind === 'refused' || refusal.replayed;
    if (lookFirst && reached[wanted].includes((await this.retrieve(paymentId)).status)) return done;
    if (refusal === null) throw new PaymentsUnavailable(`the ${wanted} was answered but not done`);
    return this.#refused(wanted, activationId, refusal);
  }

  #refused(step: string, activationId: string, refusal: Refusal): PaymentAnswer {
    if (refusal.kind !== 'refused') throw this.#unavailable(step, activationId, refusal);
    const { code, message, detail } = refusal;
    if (refusal.isOperators)
      this.#log.error('payments.misconfigured', { subject: activationId, message: `${step}: ${message}` });
    // The bank's own reason (a stolen card) is for the log, never for the customer.
    this.#log.info('payments.refused', { step, activationId, code, declineCode: detail });
    return { ok: false, code, message };
  }

  #unavailable(step: string, subject: string, refusal: Refusal): PaymentsUnavailable {
    if (refusal.kind === 'ours') return this.#ours(subject, `${step}: ${refusal.message}`);
    this.#log.warn('payments.unanswered', { step, subject, message: refusal.message });
    return new PaymentsUnavailable(refusal.message);
  }

  /** A retry succeeds once an operator has fixed the cause; until then the payment does not change. */
  #ours(subject: string, message: string): PaymentsUnavailable {
    this.#log.error('payments.misconfigured', { subject, message });
    return new PaymentsUnavailable(message);
  }

  async #call<T>(step: StripeStep, work: () => Promise<T>): Promise<{ value: T } | { refusal: Refusal }> {
    try {
      return { value: await work() };
    } catch (error) {
      if (error instanceof PaymentsUnavailable) throw error;
      const refusal = refusalOf(error, step);
      // A service may name the key that it refuses.
      return { refusal: { ...refusal, message: maskSecrets(refusal.message, [this.#apiKey]) } };
    }
  }
}

/**
 * Payments over the `stripe` package: Stripe itself, or the stand-in. One request a call, no retry and no timer of its
 * own. A definite answer is data, and so is a 400 to an order: it has made no payment. Everything else is `PaymentsUnavailable`:
 * no answer, 5xx, 429, a key in flight, and also a refusal that is our own fault (401, a wrong parameter of a later step).
 */
export function stripePayments(options: StripePaymentsOptions): Payments & PaymentList {
  return new StripePayments(options);
}
