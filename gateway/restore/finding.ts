import type { ListedPayment } from '../../shared/ports/payments.ts';

/** What the payment service or a vehicle knows and an older database does not. */
export type Finding = PaymentFinding | FeatureFinding;

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
