import type { IntentRow, RefundRow } from './schema.ts';

const seconds = (at: number) => Math.floor(at / 1000);

function chargeView(intent: IntentRow): unknown {
  const taken = intent.status === 'succeeded' ? intent.amount : 0;
  return {
    id: intent.charge_id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: taken,
    amount_refunded: intent.refunded === 1 ? intent.amount : 0,
    captured: intent.status === 'succeeded',
    refunded: intent.refunded === 1,
    currency: intent.currency,
    payment_intent: intent.id,
    payment_method_details: {
      type: 'card',
      card: {
        capture_before: intent.hold_expires_at === null ? null : seconds(intent.hold_expires_at),
      },
    },
  };
}

/** A PaymentIntent as Stripe shows it, of the fields that exist here. `expand=latest_charge` shows the charge as well. */
export function intentView(intent: IntentRow, expand?: string): unknown {
  const charged = intent.status !== 'requires_payment_method' || intent.hold_expires_at !== null;
  return {
    id: intent.id,
    object: 'payment_intent',
    amount: intent.amount,
    amount_capturable: intent.status === 'requires_capture' ? intent.amount : 0,
    amount_received: intent.status === 'succeeded' ? intent.amount : 0,
    canceled_at: intent.canceled_at === null ? null : seconds(intent.canceled_at),
    cancellation_reason: intent.cancellation_reason,
    capture_method: intent.capture_method,
    created: seconds(intent.created_at),
    currency: intent.currency,
    description: intent.description,
    last_payment_error: intent.last_error === null ? null : JSON.parse(intent.last_error),
    latest_charge: charged ? (expand === 'latest_charge' ? chargeView(intent) : intent.charge_id) : null,
    livemode: false,
    metadata: {
      ...(intent.activation_id === '' ? {} : { activation_id: intent.activation_id }),
      ...(intent.epoch === '' ? {} : { epoch: intent.epoch }),
      ...(JSON.parse(intent.metadata) as Record<string, string>),
    },
    payment_method: intent.status === 'requires_payment_method' ? null : intent.method,
    payment_method_types: ['card'],
    status: intent.status,
  };
}

/** A refund as Stripe shows it; a pending one is succeeded once its time has come. */
export function refundView(refund: RefundRow, currency: string, now: number): unknown {
  const settled = refund.settles_at !== null && refund.settles_at <= now;
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    created: seconds(refund.created_at),
    currency,
    payment_intent: refund.payment_intent,
    status: settled ? 'succeeded' : refund.status,
    ...(refund.failure_reason === null ? {} : { failure_reason: refund.failure_reason }),
  };
}
