/** A payment as its caller described it. */
export interface SeenPayment {
  /** `pi_…` */
  readonly id: string;
  readonly at: number;
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly description: string;
  /** Every field that the caller sent as `metadata[…]`. */
  readonly metadata: Readonly<Record<string, string>>;
}
