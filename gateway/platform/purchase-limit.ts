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
  /** By how much timers were late lately. */
  readonly lagMs: number;
}

/** What decides about a purchase that has just come. */
export interface PurchaseLoad {
  readonly underWay: number;
  readonly waiting: number;
  readonly places: number;
  readonly lagMs: number;
}

/** A purchase that takes longer to be saved shows that the platform is overloaded. */
export const savedWithinMs = 500;
/** The limit never falls below this, so that one slow moment does not stop the sales. */
const leastMax = 4;
const lowering = 0.75;
/** While timers are later than this, a purchase that had to wait would be refused too late: it is refused at once. */
export const lagMaxMs = 100;
/** Where lag is measured, the limit begins here and doubles with each round of fast purchases until the first slow one. */
const measuredStart = 16;

/** Returns the limit before any purchase. `isMeasured`: the lag of the event loop is; in virtual time there is none. */
export const startLimit = (max: number, isMeasured = false): PurchaseLimit => ({
  value: isMeasured ? Math.min(measuredStart, max) : max,
  loweredAt: null,
});

/**
 * Returns what becomes of a purchase. While the event loop is late only the fewest are under way, and none waits: a refusal that comes
 * soon is worth more than a place that may come.
 */
export function admissionOf({ underWay, waiting, places, lagMs }: PurchaseLoad): 'begin' | 'wait' | 'refuse' {
  const isLate = lagMs > lagMaxMs;
  const allowed = isLate ? Math.min(leastMax, places) : places;
  if (underWay < allowed && waiting === 0) return 'begin';
  return isLate || waiting >= places ? 'refuse' : 'wait';
}

/** Returns the whole number of purchases that the limit allows. */
export const placesOf = ({ value }: PurchaseLimit): number => Math.floor(value);

/**
 * Returns the limit after a purchase was saved (slow start, additive increase, multiplicative decrease, as TCP does): lower once after a
 * slow one or while the event loop is late, higher by one for each fast one until then, afterwards by one for a whole round of them, and
 * unchanged while less than half of it is used. `max` is never exceeded.
 */
export function limitAfter(limit: PurchaseLimit, sample: PurchaseSample, max: number): PurchaseLimit {
  const { tookMs, at, underWay, lagMs } = sample;
  if (tookMs <= savedWithinMs && lagMs <= lagMaxMs) {
    const isUsed = underWay * 2 >= placesOf(limit);
    const growth = limit.loweredAt === null ? 1 : 1 / limit.value;
    return isUsed ? { ...limit, value: Math.min(max, limit.value + growth) } : limit;
  }
  // Those that began before it was lowered say nothing about the lower limit.
  if (limit.loweredAt !== null && at - tookMs < limit.loweredAt) return limit;
  return { value: Math.max(Math.min(leastMax, max), limit.value * lowering), loweredAt: at };
}
