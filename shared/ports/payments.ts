/**
 * The payment service. Amounts are integers in minor units. Every call carries an idempotency key that never changes
 * between tries of one step. A definite answer is data; no answer, or a 5xx, is `PaymentsUnavailable`.
 */
export interface Payments {
  /** Holds the amount (`capture: 'on_delivery'`) or takes it at once (`'immediately'`). */
  authorise(request: AuthoriseRequest): Promise<PaymentAnswer>;
  capture(request: PaymentRequest): Promise<PaymentAnswer>;
  /** Releases a hold. */
  void(request: PaymentRequest): Promise<PaymentAnswer>;
  /** Refunds the whole capture. */
  refund(request: PaymentRequest): Promise<PaymentAnswer>;
  /** What the service knows of a payment; used when an answer was lost for good. */
  retrieve(paymentId: string): Promise<PaymentState>;
}

/** A payment of the payment service, of any client. */
export interface PaymentList {
  /** Resolves with a page of all payments, newest first; `after` is the last one of the page before. */
  list(after: string | null): Promise<PaymentPage>;
  /** Resolves with one payment; null: there is no such payment. */
  find(paymentId: string): Promise<ListedPayment | null>;
}

export interface PaymentPage {
  readonly payments: readonly ListedPayment[];
  readonly hasMore: boolean;
}

export interface ListedPayment {
  readonly paymentId: string;
  /** Null while the service itself does not know yet. */
  readonly status: PaymentState['status'] | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly capture: 'on_delivery' | 'immediately';
  readonly createdAt: number;
  readonly description: string;
  /** Of the order; null where the payment has none. */
  readonly activationId: string | null;
  readonly epoch: string | null;
  readonly holdExpiresAt: number | null;
}

export interface AuthoriseRequest {
  readonly key: string;
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  /** The customer's payment method at the payment service (`pm_card_visa`). */
  readonly method: string;
  /** The customer at the payment service (`cus_…`) whose saved payment method it is; absent for a method without a customer. */
  readonly customer?: string;
  readonly capture: 'on_delivery' | 'immediately';
  /** Kept with the payment: the epoch of the database that orders it. The same in each try of one order. */
  readonly epoch?: string;
  /** Kept with the payment, so that the ledger can be held against our database. */
  readonly activationId: string;
  readonly description: string;
}

export interface PaymentRequest {
  readonly key: string;
  readonly paymentId: string;
  readonly activationId: string;
}

export type PaymentAnswer =
  | { readonly ok: true; readonly paymentId: string; readonly expiresAt: number | null }
  /** Declined for good; `code` is the service's own (`card_declined`). */
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface PaymentState {
  readonly paymentId: string;
  readonly status: 'authorised' | 'captured' | 'voided' | 'refunded' | 'declined';
  readonly capturedMinor: number;
  readonly refundedMinor: number;
}

/** No definite answer: the step may have happened. Always retryable, with the same key. */
export class PaymentsUnavailable extends Error {
  override readonly name = 'PaymentsUnavailable';
}
