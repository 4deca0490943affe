import type { Money } from '../../shared/protocol/money.ts';
import type { RetryPolicy } from '../activation/policy.ts';

export type Duration =
  | { readonly unit: 'hours' | 'days' | 'months'; readonly count: number }
  | { readonly unit: 'permanent' };

/** A service of the catalogue: it wakes one feature. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly feature: string;
  /** One price a duration. */
  readonly offers: readonly { readonly duration: Duration; readonly price: Money }[];
  readonly capture: 'on_delivery' | 'immediately';
  readonly policy: RetryPolicy;
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
