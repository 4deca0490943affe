/** How many purchases may be under way at once: a fraction, so that it can grow by less than one. */
export interface PurchaseLimit {
  readonly value: number;
  /** When it was lowered last; null: never. */
  readonly loweredAt: number | null;
}

/** One purchase that was saved. */
export interface PurchaseSample {
  /** What the platform itself took until it was saved, without the payment service. */
  readonly tookMs: number;
  readonly at: number;
  /** Purchases under way at that moment, this one included. */
  readonly underWay: number;
}

/** A purchase that takes longer to be saved shows that the platform is overloaded. */
export const savedWithinMs = 500;
/** The limit never falls below this, so that one slow moment does not stop the sales. */
const leastMax = 4;
const lowering = 0.75;

export const startLimit = (max: number): PurchaseLimit => ({ value: max, loweredAt: null });

/** Returns the whole number of purchases that the limit allows. */
export const placesOf = ({ value }: PurchaseLimit): number => Math.floor(value);

/**
 * Returns the limit after a purchase was saved (additive increase, multiplicative decrease, as TCP does): lower once after a slow
 * one, higher by one for a whole round of fast ones, and unchanged while less than half of it is used. `max` is never exceeded.
 */
export function limitAfter(limit: PurchaseLimit, sample: PurchaseSample, max: number): PurchaseLimit {
  const { tookMs, at, underWay } = sample;
  if (tookMs <= savedWithinMs) {
    const isUsed = underWay * 2 >= placesOf(limit);
    return isUsed ? { ...limit, value: Math.min(max, limit.value + 1 / limit.value) } : limit;
  }
  // Those that began before it was lowered say nothing about the lower limit.
  if (limit.loweredAt !== null && at - tookMs < limit.loweredAt) return limit;
  return { value: Math.max(Math.min(leastMax, max), limit.value * lowering), loweredAt: at };
}
