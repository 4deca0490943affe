import type { Order } from './drive.ts';

/** The body of a purchase. */
export function orderBody(order: Order): string {
  return JSON.stringify({
    ...order,
    duration: { unit: 'months', count: 1 },
    paymentMethod: 'pm_card_visa',
  });
}
