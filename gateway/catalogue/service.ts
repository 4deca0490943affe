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
