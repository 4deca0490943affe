import type { Money } from '../../shared/protocol/money.ts';
import type { RetryPolicy } from '../activation/policy.ts';

export type Duration =
  | { readonly unit: 'hours' | 'days' | 'months'; readonly count: number }
  | { readonly unit: 'permanent' };

/**
 * What becomes of an active service whose customer cancels it. `at_once`: it ends, and no money moves. `refused`: it lasts as long
 * as it was bought for. Before it is active it can always be cancelled.
 */
export type CancellationPolicy = 'at_once' | 'refused';

/**
 * What happens to an active service whose capture was declined for good. `keep`: it stays active, and operators settle the
 * payment. Otherwise it ends after a grace period unless it is paid before.
 */
export type UncollectiblePolicy = 'keep' | { readonly deactivateAfterMs: number };

/** A service of the catalogue: it wakes one feature. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly feature: string;
  /** One price a duration. */
  readonly offers: readonly { readonly duration: Duration; readonly price: Money }[];
  readonly capture: 'on_delivery' | 'immediately';
  readonly policy: RetryPolicy;
  readonly cancellation: CancellationPolicy;
  /** Absent: `keep`. */
  readonly uncollectible?: UncollectiblePolicy;
}

export function sameDuration(left: Duration, right: Duration): boolean {
  if (left.unit === 'permanent' || right.unit === 'permanent') return left.unit === right.unit;
  return left.unit === right.unit && left.count === right.count;
}

/** `30 days`, `1 month`, `permanent` */
export function durationText(duration: Duration): string {
  if (duration.unit === 'permanent') return 'permanent';
  return duration.count === 1 ? `1 ${duration.unit.slice(0, -1)}` : `${duration.count} ${duration.unit}`;
}
