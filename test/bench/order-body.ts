/** Returns the body of a purchase of this customer, vehicle and service. */
export function orderBody(order: object): string {
  return JSON.stringify({
    ...order,
    duration: { unit: 'months', count: 1 },
    paymentMethod: 'pm_card_visa',
  });
}
