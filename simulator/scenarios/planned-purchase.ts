import type { Scenario } from './scenario.ts';

/** Returns the id of the purchase that arrives at this place, from 0. */
export const plannedId = (index: number) => `p-${String(index + 1).padStart(3, '0')}`;

/** A purchase that a run makes. */
export interface PlannedPurchase {
  /** As the scenario states it (`p1`), or `p-001` in the order of arrival of those that are drawn; also the request's Idempotency-Key, after the scenario's name and the seed. */
  readonly id: string;
  /** After the first moment of the workload. */
  readonly atMs: number;
  readonly customerId: string;
  readonly vin: string;
  readonly serviceId: string;
  readonly feature: string;
  readonly duration: Scenario['purchases']['services'][number]['duration'];
  /** The card at the payment service. */
  readonly method: string;
  readonly preDelivery: boolean;
  /** What this purchase is there to show; nothing checks against it. */
  readonly intent: 'ordinary' | 'unsupported' | 'declined';
}
