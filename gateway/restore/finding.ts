import type { ListedPayment } from '../../shared/ports/payments.ts';
import type { Phase } from '../activation/phase.ts';
import type { SettlementStatus } from '../activation/settlement.ts';

/**
 * - `authorised_there`: held or taken, and the database waits for the answer.
 * - `captured_there`: captured on delivery, and the database waits for the delivery.
 * - `reversed_there`: voided or refunded, and the activation is under way.
 * - `refunded_there`: refunded, and the service is active.
 * - `held_there`: held or taken, and the database has reversed it or knows another payment of the activation.
 * - `amount_differs`: another amount or currency.
 */
export const differences = [
  'authorised_there',
  'captured_there',
  'reversed_there',
  'refunded_there',
  'held_there',
  'amount_differs',
] as const;
export type Difference = (typeof differences)[number];

/** What the payment service or a vehicle knows and an older database does not. */
export type Finding = PaymentFinding | DifferenceFinding | FeatureFinding;

/** The payment service holds or has taken money for an activation that the database does not know. */
export interface PaymentFinding {
  /** The payment's. */
  readonly id: string;
  readonly kind: 'payment_without_purchase';
  readonly payment: ListedPayment & { readonly activationId: string };
  /** From the payment's description; null where it says neither. */
  readonly serviceId: string | null;
  readonly vin: string | null;
}

/** The payment service and the database know the same activation, and say different things of its money. */
export interface DifferenceFinding extends Pick<PaymentFinding, 'payment' | 'serviceId' | 'vin'> {
  /** `paymentId.difference` */
  readonly id: string;
  readonly kind: 'payment_differs';
  readonly difference: Difference;
  /** What the database says. */
  readonly books: { readonly phase: Phase; readonly settlement: SettlementStatus };
}

/** A vehicle reports a feature on that no customer owns. */
export interface FeatureFinding {
  /** `VIN.feature` */
  readonly id: string;
  readonly kind: 'feature_without_owner';
  readonly vin: string;
  readonly feature: string;
}

/** What the description of a payment says (gateway/engine/effects.ts writes it). */
export function soldBy(description: string): Pick<PaymentFinding, 'serviceId' | 'vin'> {
  const [, serviceId = null, vin = null] = /^(\S+) for (\S{17})$/.exec(description) ?? [];
  return { serviceId, vin };
}
