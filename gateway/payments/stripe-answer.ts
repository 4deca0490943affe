import Stripe from 'stripe';
import type { ListedPayment, PaymentState } from '../../shared/ports/payments.ts';
import { fromStripeAmount } from './currency-units.ts';

/** How long a hold is good for where Stripe does not say (`capture_before`): 7 days. */
const holdMs = 7 * 24 * 3_600_000;

export type Intent = Stripe.PaymentIntent;

function charge(intent: Intent): Stripe.Charge | null {
  const latest = intent.latest_charge;
  return typeof latest === 'object' ? latest : null;
}

/** When the hold lapses; null where there is none. */
export function holdExpiresAt(intent: Intent): number | null {
  if (intent.status !== 'requires_capture') return null;
  const captureBefore = charge(intent)?.payment_method_details?.card?.capture_before;
  return captureBefore ? captureBefore * 1000 : intent.created * 1000 + holdMs;
}

function statusOf(intent: Intent): PaymentState['status'] | null {
  switch (intent.status) {
    case 'requires_capture':
      return 'authorised';
    case 'succeeded':
      return (charge(intent)?.amount_refunded ?? 0) >= intent.amount_received ? 'refunded' : 'captured';
    case 'canceled':
      return 'voided';
    case 'processing':
      return null;
    default:
      // In every other waiting state (for another card, for the customer) nothing is authorised or captured.
      return 'declined';
  }
}

/** What Stripe knows of a payment; null while Stripe itself does not know yet (`processing`). Needs `latest_charge` expanded. */
export function stateOf(intent: Intent): PaymentState | null {
  const status = statusOf(intent);
  if (status === null) return null;
  const currency = intent.currency.toUpperCase();
  return {
    paymentId: intent.id,
    status,
    capturedMinor: fromStripeAmount(intent.amount_received, currency),
    refundedMinor: fromStripeAmount(charge(intent)?.amount_refunded ?? 0, currency),
  };
}

/** A payment of a list. Needs `data.latest_charge` expanded. */
export function listedPayment(intent: Intent): ListedPayment {
  const currency = intent.currency.toUpperCase();
  return {
    paymentId: intent.id,
    status: statusOf(intent),
    amountMinor: fromStripeAmount(intent.amount, currency),
    currency,
    capture: intent.capture_method === 'manual' ? 'on_delivery' : 'immediately',
    createdAt: intent.created * 1000,
    description: intent.description ?? '',
    activationId: intent.metadata.activation_id ?? null,
    epoch: intent.metadata.epoch ?? null,
    holdExpiresAt: holdExpiresAt(intent),
  };
}

/**
 * What an error of the stripe package means.
 * refused: this payment is declined for good · unanswered: no answer, or a temporary error · ours: a request that Stripe
 * cannot accept, which an operator must fix (wrong key, wrong parameter). Only `refused` may ever end a payment.
 */
export type Refusal =
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly detail: string;
      /** The order itself is wrong (a currency, an amount): the customer cannot help it, an operator can. */
      readonly isOperators: boolean;
    }
  | {
      readonly kind: 'unanswered' | 'ours';
      readonly message: string;
      readonly replayed: boolean;
      /** 404: there is no such payment. */
      readonly isMissing?: boolean;
    };

/** Codes of status 400 about the payment or the customer's payment method, not about our request. */
const definiteCodes = new Set([
  'charge_already_captured',
  'charge_already_refunded',
  'charge_disputed',
  'charge_expired_for_capture',
  'payment_intent_authentication_failure',
  'payment_intent_payment_attempt_failed',
  'payment_intent_unexpected_state',
  'payment_method_unactivated',
  'payment_method_unexpected_state',
]);

/** Parameters that come from the customer. */
const customersParameters = new Set(['payment_method', 'customer']);

function isDefinite(error: Stripe.errors.StripeError, step: StripeStep): boolean {
  if (error.statusCode === 402) return true;
  if (error.statusCode !== 400) return false;
  // A refused authorisation has made no payment, for any reason: Stripe refuses the same request again every time.
  if (step === 'authorise' && error.rawType === 'invalid_request_error') return true;
  return definiteCodes.has(error.code ?? '');
}

/** An order refused without a word about the payment method or the customer (`This PaymentMethod belongs to a customer`). */
function isOperators(error: Stripe.errors.StripeError): boolean {
  if (error.statusCode === 402 || definiteCodes.has(error.code ?? '')) return false;
  if (error.param !== undefined) return !customersParameters.has(error.param);
  return !/payment ?method|customer/i.test(error.message);
}

export type StripeStep = 'authorise' | 'capture' | 'void' | 'refund' | 'retrieve';

export function refusalOf(error: unknown, step: StripeStep): Refusal {
  if (!(error instanceof Stripe.errors.StripeError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'unanswered', message, replayed: false };
  }
  const status = error.statusCode;
  if (isDefinite(error, step)) {
    const code = error.code ?? error.rawType ?? 'refused';
    const detail = error.decline_code ?? '';
    return { kind: 'refused', code, message: error.message, detail, isOperators: isOperators(error) };
  }
  if (status === undefined) {
    const cause = error.detail;
    const reason = cause instanceof Error ? cause.message : String(cause ?? error.message);
    return { kind: 'unanswered', message: `no answer from the payment service: ${reason}`, replayed: false };
  }
  const message = `the payment service answered ${status}: ${error.message}`;
  const replayed = error.headers?.['idempotent-replayed'] === 'true';
  const isTemporary = status >= 500 || status === 429 || status === 409 || status < 400;
  return { kind: isTemporary ? 'unanswered' : 'ours', message, replayed, isMissing: status === 404 };
}
