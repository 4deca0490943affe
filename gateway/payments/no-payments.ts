import { type PaymentList, type Payments, PaymentsUnavailable } from '../../shared/ports/payments.ts';

async function unavailable(): Promise<never> {
  throw new PaymentsUnavailable('No payment service is configured: set PAYMENTS_URL (--payments-url).');
}

/** The payments of a gateway without a payment service: what is to be paid waits until there is one. */
export const noPayments: Payments & PaymentList = {
  authorise: unavailable,
  capture: unavailable,
  void: unavailable,
  refund: unavailable,
  retrieve: unavailable,
  list: unavailable,
  find: unavailable,
};
