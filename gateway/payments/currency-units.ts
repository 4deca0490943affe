/**
 * Stripe's minor units against ISO 4217's (docs.stripe.com/currencies). They are the same for nearly every currency;
 * for the others the factor converts ours to Stripe's.
 */
const factors: Readonly<Record<string, number>> = {
  // ISO has no minor unit; Stripe takes hundredths that are always 00. (HUF and TWD are whole in Stripe's payouts only: a charge takes
  // hundredths, as ISO does.)
  ISK: 100,
  UGX: 100,
  // ISO has hundredths; Stripe takes whole ariary.
  MGA: 0.01,
};

/** ISO thousandths whose last digit must be 0 at Stripe. */
const tens = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** The amount as Stripe wants it, or null where Stripe cannot express it. */
export function toStripeAmount(amountMinor: number, currency: string): number | null {
  const amount = Math.round(amountMinor * (factors[currency] ?? 1));
  if (fromStripeAmount(amount, currency) !== amountMinor) return null;
  return tens.has(currency) && amount % 10 !== 0 ? null : amount;
}

export function fromStripeAmount(amount: number, currency: string): number {
  return Math.round(amount / (factors[currency] ?? 1));
}
