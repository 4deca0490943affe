import type { Activation } from '../activation/activation.ts';
import type { SettlementStatus } from '../activation/settlement.ts';

/** A purchase with the state of its activation. */
export interface OverviewRow {
  readonly boughtAt: number;
  /** When the activation ended; null while it is open. */
  readonly endedAt: number | null;
  readonly status: string;
  readonly activation: Activation;
}

export interface Money {
  readonly currency: string;
  /** Authorised and not captured. */
  readonly heldMinor: number;
  readonly capturedMinor: number;
  /** Voided, refunded or paid back by other means. */
  readonly returnedMinor: number;
  /** Refused for good by the payment service: an operator settles it. */
  readonly toSettleMinor: number;
}

export interface Bucket {
  readonly from: number;
  readonly active: number;
  readonly failed: number;
}

export interface Figures {
  readonly purchases: number;
  readonly outcomes: {
    readonly active: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly declined: number;
    readonly open: number;
  };
  /** Commands beyond the first, of all purchases. */
  readonly retries: number;
  readonly timeToActiveMs: { readonly p50: number; readonly p95: number } | null;
  readonly money: Money[];
  readonly buckets: Bucket[];
}

type MoneyField = Exclude<keyof Money, 'currency'>;

/** Where the amount of a settlement is. What was never authorised, or was written off, is nowhere. */
const places: Readonly<Record<SettlementStatus, MoneyField | null>> = {
  authorising: null,
  declined: null,
  authorised: 'heldMinor',
  capturing: 'heldMinor',
  captured: 'capturedMinor',
  uncollectible: 'toSettleMinor',
  voiding: 'heldMinor',
  voided: 'returnedMinor',
  refunding: 'capturedMinor',
  refunded: 'returnedMinor',
  unsettled: 'toSettleMinor',
  paid_back: 'returnedMinor',
  collected: 'capturedMinor',
  written_off: null,
};

/** Buckets of a window of any length: a chart has that many bars. */
export const bucketCount = 30;

/** Returns the figures of purchases of the window that ends at `now`. */
export function figuresOf(rows: readonly OverviewRow[], now: number, windowMs: number): Figures {
  const count = (is: (row: OverviewRow) => boolean) => rows.filter(is).length;
  const withStatus = (...statuses: string[]) => count(({ status }) => statuses.includes(status));
  const delivered = rows.flatMap(({ boughtAt, status, activation }) =>
    status === 'active' && activation.delivery ? [activation.delivery.at - boughtAt] : [],
  );
  return {
    purchases: rows.length,
    outcomes: {
      // A capture that was declined later does not undo the delivery.
      active: withStatus('active', 'payment_failed'),
      failed: withStatus('failed'),
      cancelled: withStatus('cancelled'),
      declined: withStatus('declined'),
      open: withStatus('pending'),
    },
    retries: rows.reduce((sum, { activation }) => sum + Math.max(0, activation.attempts.length - 1), 0),
    timeToActiveMs:
      delivered.length === 0 ? null : { p50: nearestRank(delivered, 0.5), p95: nearestRank(delivered, 0.95) },
    money: moneyOf(rows),
    buckets: bucketsOf(rows, now, windowMs),
  };
}

function moneyOf(rows: readonly OverviewRow[]): Money[] {
  const totals = new Map<string, Record<MoneyField, number>>();
  for (const { activation } of rows) {
    const { settlement } = activation;
    if (settlement === null) continue;
    const { currency, amountMinor, status } = settlement;
    const total = totals.get(currency) ?? {
      heldMinor: 0,
      capturedMinor: 0,
      returnedMinor: 0,
      toSettleMinor: 0,
    };
    const place = places[status];
    if (place !== null) total[place] += amountMinor;
    totals.set(currency, total);
  }
  return [...totals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, total]) => ({ currency, ...total }));
}

/** By the end of the activation: the bar shows when it became active or failed. */
function bucketsOf(rows: readonly OverviewRow[], now: number, windowMs: number): Bucket[] {
  const lengthMs = windowMs / bucketCount;
  const startAt = now - windowMs;
  const buckets = Array.from({ length: bucketCount }, (_, index) => ({
    from: Math.round(startAt + index * lengthMs),
    active: 0,
    failed: 0,
  }));
  for (const { status, endedAt } of rows) {
    if (endedAt === null) continue;
    const bucket = buckets[Math.min(bucketCount - 1, Math.floor((endedAt - startAt) / lengthMs))];
    if (bucket === undefined) continue;
    if (status === 'failed') bucket.failed += 1;
    else if (status === 'active' || status === 'payment_failed') bucket.active += 1;
  }
  return buckets;
}

/** The smallest value that at least this share of the values does not exceed. */
function nearestRank(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
