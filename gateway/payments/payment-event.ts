import Stripe from 'stripe';
import { fromStripeAmount } from './currency-units.ts';

/** What the payment service reports by itself. */
export interface PaymentServiceEvent {
  /** The same each time the event is sent. */
  readonly id: string;
  readonly type: string;
  /** Null: an event of another type. */
  readonly dispute: DisputeReport | null;
}

/** A customer has asked their bank to take a payment back. */
export interface DisputeReport {
  readonly id: string;
  readonly paymentId: string;
  /** `lost`: the money stays with the customer. `won`: it came back, or was never taken. */
  readonly status: 'open' | 'won' | 'lost';
  readonly amountMinor: number;
  readonly currency: string;
  /** The service's own (`fraudulent`, `product_not_received`). */
  readonly reason: string;
}

/** An event older than this is refused: it may be a recorded one. */
const toleranceSeconds = 300;

const reported = new Set(['charge.dispute.created', 'charge.dispute.closed']);

/** Returns the event whose signature (`Stripe-Signature`) is right, or why it is refused. */
export function readPaymentEvent(
  { secret, now }: { readonly secret: string; readonly now: number },
  signature: string,
  body: string,
): PaymentServiceEvent | { readonly refused: string } {
  try {
    const event = Stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds, undefined, now);
    return { id: event.id, type: event.type, dispute: disputeOf(event) };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    return { refused: error.message.split('\n')[0] ?? 'the signature is wrong' };
  }
}

function disputeOf(event: Stripe.Event): DisputeReport | null {
  if (!reported.has(event.type)) return null;
  const { id, payment_intent, amount, currency, reason, status } = event.data.object as Stripe.Dispute;
  const paymentId = typeof payment_intent === 'string' ? payment_intent : payment_intent?.id;
  // The platform makes no charge without a PaymentIntent.
  if (paymentId === undefined) return null;
  const isClosed = event.type === 'charge.dispute.closed';
  const code = currency.toUpperCase();
  return {
    id,
    paymentId,
    status: isClosed ? (status === 'lost' ? 'lost' : 'won') : 'open',
    amountMinor: fromStripeAmount(amount, code),
    currency: code,
    reason,
  };
}
